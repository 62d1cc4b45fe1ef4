import { crc32 } from "node:zlib";
import type { MemoryCategory, Role } from "@spectron/core/protocol";
import { EngineError } from "../../model/errors.ts";
import { splitTurnKey } from "../../model/records.ts";
import type {
  EntityRecord,
  FactKind,
  FactRecord,
  FactSource,
  SessionRecord,
  Statement,
  StoredFact,
  StoredStatement,
  TurnRecord,
} from "../../model/records.ts";
import type { TraceRecord } from "../store.ts";

/** A row as the driver hands it out. */
export type Row = Record<string, unknown>;

export function toSession(row: Row): SessionRecord {
  return {
    key: row["key"] as number,
    id: row["id"] as string,
    scopeSet: row["scope_set"] as number,
    scopes: JSON.parse(row["clauses"] as string) as string[][],
    principal: row["principal"] as string,
    externalId: row["external_id"] as string | null,
    metadata: JSON.parse(row["metadata"] as string) as Record<string, unknown>,
    status: row["status"] as SessionRecord["status"],
    lastSeq: row["last_seq"] as number,
    createdAt: row["created_at"] as number,
    closedAt: row["closed_at"] as number | null,
  };
}

/** Checksum of what never changes in a turn, so that a damaged page is refused instead of believed. */
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
      fact.createdAt,
      fact.supersedes,
      fact.supersededBy,
      fact.endedBy,
      fact.sources,
      fact.labels,
    ]),
  );
}

export function statementChecksum(statement: Statement): number {
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
    ]),
  );
}

function checked<Record>(record: Record, row: Row, sum: (record: Record) => number): Record {
  let intact = false;
  try {
    intact = sum(record) === row["checksum"];
  } catch {
    // a field that cannot be read at all is damage too
  }
  if (!intact)
    throw new EngineError(
      "store_corrupt",
      "The memory file is damaged: a row does not match its checksum. Run `spectron verify`, then restore a backup.",
    );
  return record;
}

export function toTurn(row: Row): TurnRecord {
  const key = row["key"] as number;
  const { session, seq } = splitTurnKey(key);
  return checked(
    {
      key,
      session,
      sessionId: row["session_id"] as string,
      seq,
      scopeSet: row["scope_set"] as number,
      role: row["role"] as Role,
      speaker: row["speaker"] as string | null,
      text: row["text"] as string,
      shown: row["shown"] as string | null,
      terms: row["terms"] as string,
      clientId: row["client_id"] as string | null,
      ts: row["ts"] as number | null,
      said: row["said"] as number,
      at: row["at"] as number,
      firstAt: row["first_at"] as number,
      principal: row["principal"] as string,
      origin: row["origin"] as number,
      endedAt: row["ended_at"] as number | null,
      revisedBy: row["revised_by"] as number | null,
      recalled: row["recalled"] === 1,
      held: row["held"] === 1,
      findings: list(row["findings"]),
      labels: list(row["labels"]),
    },
    row,
    turnChecksum,
  );
}

/** Most rows have no labels and no findings: an empty list is stored as null. */
export function fromList(values: readonly string[]): string | null {
  return values.length === 0 ? null : JSON.stringify(values);
}

function list(value: unknown): string[] {
  return value === null ? [] : (parse(value) as string[]);
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(text as string);
  } catch (error) {
    throw new EngineError(
      "store_corrupt",
      "The memory file is damaged: a stored value cannot be read. Run `spectron verify`, then restore a backup.",
      { cause: error },
    );
  }
}

export function toFact(row: Row): StoredFact {
  return checked<StoredFact>(
    {
      row: row["row"] as number,
      id: row["id"] as string,
      kind: row["kind"] as FactKind,
      scopeSet: row["scope_set"] as number,
      entity: row["entity"] as number | null,
      key: row["key"] as string,
      value: row["value"] as string,
      normalValue: row["normal_value"] as string,
      object: row["object"] as number | null,
      category: row["category"] as MemoryCategory,
      confidence: row["confidence"] as number,
      validFrom: row["valid_from"] as number,
      validTo: row["valid_to"] as number | null,
      knownFrom: row["known_from"] as number,
      knownTo: row["known_to"] as number | null,
      createdAt: row["created_at"] as number,
      supersedes: row["supersedes"] as string | null,
      supersededBy: row["superseded_by"] as string | null,
      endedBy: row["ended_by"] === null ? null : (parse(row["ended_by"]) as FactSource),
      sources: parse(row["sources"]) as FactSource[],
      labels: list(row["labels"]),
    },
    row,
    factChecksum,
  );
}

export function toStatement(row: Row): StoredStatement {
  return checked<StoredStatement>(
    {
      row: row["row"] as number,
      id: row["id"] as string,
      kind: row["kind"] as FactKind,
      scopeSet: row["scope_set"] as number,
      entity: row["entity"] as number | null,
      key: row["key"] as string,
      value: row["value"] as string,
      object: row["object"] as number | null,
      category: row["category"] as MemoryCategory,
      polarity: row["polarity"] as Statement["polarity"],
      confidence: row["confidence"] as number,
      validFrom: row["valid_from"] as number,
      validTo: row["valid_to"] as number | null,
      at: row["at"] as number,
      source: parse(row["source"]) as FactSource,
      labels: list(row["labels"]),
      turn: row["turn"] as number | null,
      orderAt: row["order_at"] as number,
      origin: row["origin"] as number,
      held: row["held"] === 1,
      endedAt: row["ended_at"] as number | null,
    },
    row,
    statementChecksum,
  );
}

export function toEntity(row: Row): EntityRecord {
  return {
    key: row["key"] as number,
    scopeSet: row["scope_set"] as number,
    type: row["type"] as string,
    name: row["name"] as string,
    normalName: row["normal_name"] as string,
    category: row["category"] as MemoryCategory,
    createdAt: row["created_at"] as number,
    updatedAt: row["updated_at"] as number,
  };
}

export function toTrace(row: Row): TraceRecord {
  return {
    id: row["id"] as string,
    kind: row["kind"] as TraceRecord["kind"],
    scopeSet: row["scope_set"] as number | null,
    principal: row["principal"] as string,
    at: row["at"] as number,
    data: parse(row["data"]) as Record<string, unknown>,
  };
}
