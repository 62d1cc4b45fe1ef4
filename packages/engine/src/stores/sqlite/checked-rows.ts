import { crc32 } from "node:zlib";
import { damaged } from "../../model/errors.ts";
import type { ScopeSets } from "@spectron/core/protocol";
import type {
  EntityRecord,
  FactRecord,
  SessionRecord,
  StoredFact,
  StoredStatement,
  TurnRecord,
} from "../../model/records.ts";
import type { StoredAnswer } from "../store.ts";
import * as rows from "../rows.ts";
import type { Row } from "../rows.ts";

/** Checksum of all that a row says, so that a damaged page is refused instead of believed. */
export function turnChecksum(turn: TurnRecord): number {
  return crc32(
    JSON.stringify([
      turn.key,
      turn.scopeSet,
      turn.role,
      turn.speaker,
      turn.text,
      turn.shown,
      turn.terms,
      turn.clientId,
      turn.ts,
      turn.said,
      turn.at,
      turn.firstAt,
      turn.principal,
      turn.origin,
      turn.endedAt,
      turn.revisedBy,
      turn.recalled,
      turn.held,
      turn.findings,
      turn.labels,
    ]),
  );
}

export function factChecksum(fact: FactRecord): number {
  return crc32(
    JSON.stringify([
      fact.id,
      fact.kind,
      fact.scopeSet,
      fact.entity,
      fact.key,
      fact.value,
      fact.normalValue,
      fact.object,
      fact.category,
      fact.confidence,
      fact.validFrom,
      fact.validTo,
      fact.knownFrom,
      fact.knownTo,
      fact.createdAt,
      fact.supersedes,
      fact.supersededBy,
      fact.endedBy,
      fact.sources,
      fact.labels,
    ]),
  );
}

export function statementChecksum(statement: Omit<StoredStatement, "row">): number {
  return crc32(
    JSON.stringify([
      statement.id,
      statement.kind,
      statement.scopeSet,
      statement.entity,
      statement.key,
      statement.value,
      statement.object,
      statement.category,
      statement.polarity,
      statement.confidence,
      statement.validFrom,
      statement.validTo,
      statement.at,
      statement.source,
      statement.labels,
      statement.turn,
      statement.orderAt,
      statement.origin,
      statement.held,
      statement.endedAt,
    ]),
  );
}

/** Checksum of what never changes in a session. */
export function sessionChecksum(
  session: Omit<SessionRecord, "key" | "scopes" | "lastSeq" | "status" | "closedAt">,
): number {
  return crc32(
    JSON.stringify([
      session.id,
      session.scopeSet,
      session.principal,
      session.externalId,
      session.metadata,
      session.createdAt,
    ]),
  );
}

export function entityChecksum(entity: Omit<EntityRecord, "key" | "updatedAt">): number {
  return crc32(
    JSON.stringify([
      entity.scopeSet,
      entity.type,
      entity.name,
      entity.normalName,
      entity.category,
      entity.createdAt,
    ]),
  );
}

export function answerChecksum(answer: StoredAnswer): number {
  return crc32(
    JSON.stringify([
      answer.fingerprint,
      answer.status,
      answer.body,
      answer.createdAt,
      answer.expiresAt,
    ]),
  );
}

/** Checksum of the scopes of a set: they decide who may see what is in it. */
export function clausesChecksum(context: number, clauses: ScopeSets): number {
  return crc32(JSON.stringify([context, clauses]));
}

function checked<Record>(
  row: Row,
  read: (row: Row) => Record,
  sum: (record: Record) => number,
): Record {
  let record: Record | undefined;
  let intact = false;
  try {
    record = read(row);
    intact = sum(record) === row["checksum"];
  } catch {
    // a field that cannot be read at all is damage too
  }
  if (!intact || record === undefined) throw damaged("a row does not match its checksum");
  return record;
}

export function toTurn(row: Row): TurnRecord {
  return checked(row, rows.toTurn, turnChecksum);
}

export function toFact(row: Row): StoredFact {
  return checked(row, rows.toFact, factChecksum);
}

export function toStatement(row: Row): StoredStatement {
  return checked(row, rows.toStatement, statementChecksum);
}

export function toSession(row: Row): SessionRecord {
  if (row["newest"] !== undefined && row["newest"] !== row["last_seq"])
    throw damaged("turns of a session are missing");
  if (row["set_context"] !== undefined && row["set_context"] !== row["context"])
    throw damaged("a session is not in the context of its scopes");
  const session = checked(row, rows.toSession, sessionChecksum);
  const isClosed = session.status === "closed" && typeof session.closedAt === "number";
  if (!isClosed && (session.status !== "open" || session.closedAt !== null))
    throw damaged("a session is neither open nor closed");
  return session;
}

export function toEntity(row: Row): EntityRecord {
  // nothing changes an entity yet
  if (row["updated_at"] !== row["created_at"]) throw damaged("an entity has two times");
  return checked(row, rows.toEntity, entityChecksum);
}

export function toAnswer(row: Row): StoredAnswer {
  return checked(row, rows.toAnswer, answerChecksum);
}

export function toClauses(context: number, row: Row): ScopeSets {
  return checked(
    row,
    () => JSON.parse(row["clauses"] as string) as ScopeSets,
    (clauses) => clausesChecksum(context, clauses),
  );
}
