import type { MemoryCategory, Role } from "@spectron/core/protocol";
import { splitTurnKey } from "../../model/records.ts";
import type {
  EntityRecord,
  FactKind,
  FactSource,
  SessionRecord,
  StoredFact,
  TurnRecord,
} from "../../model/records.ts";

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

export function toTurn(row: Row): TurnRecord {
  const key = row["key"] as number;
  const { session, seq } = splitTurnKey(key);
  return {
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
    at: row["at"] as number,
    principal: row["principal"] as string,
  };
}

export function toFact(row: Row): StoredFact {
  return {
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
    sources: JSON.parse(row["sources"] as string) as FactSource[],
    labels: JSON.parse(row["labels"] as string) as string[],
  };
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
