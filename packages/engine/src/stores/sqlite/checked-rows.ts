import { crc32 } from "node:zlib";
import { EngineError } from "../../model/errors.ts";
import type {
  FactRecord,
  Statement,
  StoredFact,
  StoredStatement,
  TurnRecord,
} from "../../model/records.ts";
import * as rows from "../rows.ts";
import type { Row } from "../rows.ts";

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
  if (!intact || record === undefined)
    throw new EngineError(
      "store_corrupt",
      "The memory file is damaged: a row does not match its checksum. Run `spectron verify`, then restore a backup.",
    );
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
