import { createHash } from "node:crypto";
import type { MemoryCategory, Role } from "@spectron/core/protocol";
import { damaged } from "../model/errors.ts";
import { splitTurnKey } from "../model/records.ts";
import type {
  EntityRecord,
  FactKind,
  FactSource,
  SessionRecord,
  Statement,
  StoredFact,
  StoredStatement,
  TurnRecord,
} from "../model/records.ts";
import type { FoundKey, IdempotencyRef, StoredAnswer, TraceRecord } from "./store.ts";

/** A row as a driver hands it out; drivers differ in how they show truth values only. */
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
    said: row["said"] as number,
    at: row["at"] as number,
    firstAt: row["first_at"] as number,
    principal: row["principal"] as string,
    origin: row["origin"] as number,
    endedAt: row["ended_at"] as number | null,
    revisedBy: row["revised_by"] as number | null,
    recalled: Number(row["recalled"]) === 1,
    held: Number(row["held"]) === 1,
    findings: list(row["findings"]),
    labels: list(row["labels"]),
  };
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
  } catch {
    throw damaged("a stored value cannot be read");
  }
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
    endedBy: row["ended_by"] === null ? null : (parse(row["ended_by"]) as FactSource),
    sources: parse(row["sources"]) as FactSource[],
    labels: list(row["labels"]),
  };
}

export function toStatement(row: Row): StoredStatement {
  return {
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
    held: Number(row["held"]) === 1,
    endedAt: row["ended_at"] as number | null,
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

/** A key may be guessed, its owner not: the stored reference covers context, principal and key. */
export function answerRef(ref: IdempotencyRef): Buffer {
  return createHash("sha256")
    .update(JSON.stringify([ref.context, ref.principal, ref.key]))
    .digest()
    .subarray(0, 16);
}

export function toAnswer(row: Row): StoredAnswer {
  return {
    fingerprint: row["fingerprint"] as string,
    status: row["status"] as number,
    body: row["body"] as string,
    createdAt: row["created_at"] as number,
    expiresAt: row["expires_at"] as number,
  };
}

export function toKey(context: string, row: Row): FoundKey {
  const keyGrants = row["key_grants"] as string | null;
  return {
    context,
    principal: row["principal"] as string,
    name: row["name"] as string,
    hash: row["hash"] as string,
    displayName: row["display_name"] as string,
    principalKind: row["kind"] as string,
    grants: JSON.parse(row["grants"] as string) as FoundKey["grants"],
    keyGrants: keyGrants === null ? null : (JSON.parse(keyGrants) as FoundKey["grants"]),
    expiresAt: row["expires_at"] as number | null,
    contextSecret: row["secret"] as string,
  };
}
