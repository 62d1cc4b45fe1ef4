import type { MemoryCategory, Role, ScopeSets } from "@spectron/core/protocol";

/** Epoch milliseconds. */
export type Instant = number;

export type FactKind = "attribute" | "relation" | "instruction" | "uncertainty";
export type SourceKind =
  | "turn"
  | "upsert"
  | "document"
  | "reflect"
  | "elaboration"
  | "consolidation";

/** One source of a fact, kept inline in the fact's row. */
export interface FactSource {
  kind: SourceKind;
  /** Internal key of the turn, for kind `turn`. */
  turn?: number | undefined;
  /** `trace:<id>` or `doc:<id>` for the other kinds. */
  ref?: string | undefined;
  role?: Role | undefined;
  trust: number;
  span?: [start: number, end: number] | null | undefined;
  principal: string;
  onBehalfOf?: string | undefined;
}

/** One version of a fact. A change closes the version (`knownTo`) and inserts the next one under the same id. */
export interface FactRecord {
  id: string;
  kind: FactKind;
  scopeSet: number;
  /** Internal key of the entity; null for instructions and uncertainties about nothing known. */
  entity: number | null;
  key: string;
  value: string;
  /** Value as compared: NFKC, lower case, single blanks. */
  normalValue: string;
  /** Internal key of a relation's object. */
  object: number | null;
  category: MemoryCategory;
  confidence: number;
  /** Half-open validity. */
  validFrom: Instant;
  validTo: Instant | null;
  /** Half-open time in which the service believed this version. */
  knownFrom: Instant;
  knownTo: Instant | null;
  /** When the fact was first learned; stays over versions. */
  createdAt: Instant;
  supersedes: string | null;
  supersededBy: string | null;
  sources: FactSource[];
  labels: string[];
}

/** A stored version with its internal key. */
export interface StoredFact extends FactRecord {
  row: number;
}

export interface EntityRecord {
  key: number;
  scopeSet: number;
  type: string;
  name: string;
  normalName: string;
  category: MemoryCategory;
  createdAt: Instant;
  updatedAt: Instant;
}

export interface SessionRecord {
  key: number;
  id: string;
  scopeSet: number;
  scopes: ScopeSets;
  principal: string;
  externalId: string | null;
  metadata: Record<string, unknown>;
  status: "open" | "closed";
  lastSeq: number;
  createdAt: Instant;
  closedAt: Instant | null;
}

export interface TurnRecord {
  /** Internal key: `turnKey(session, seq)`. */
  key: number;
  session: number;
  sessionId: string;
  seq: number;
  scopeSet: number;
  role: Role;
  speaker: string | null;
  text: string;
  /** The text with relative dates written out; null when equal to `text`. */
  shown: string | null;
  /** Stemmed index terms, in order, joined by blanks. */
  terms: string;
  clientId: string | null;
  /** The caller's time of the message, else null. */
  ts: Instant | null;
  at: Instant;
  principal: string;
}

const SEQ_BITS = 22;
/** Most turns of one session; the internal key packs session and position into one safe integer. */
export const MAX_TURNS_PER_SESSION: number = 2 ** SEQ_BITS - 1;

/** Internal turn key: sorted by session, then position. */
export function turnKey(session: number, seq: number): number {
  return session * 2 ** SEQ_BITS + seq;
}

export function splitTurnKey(key: number): { session: number; seq: number } {
  return { session: Math.floor(key / 2 ** SEQ_BITS), seq: key % 2 ** SEQ_BITS };
}

/** Public turn id: the session's id and the position, so it needs no index of its own. */
export function turnId(sessionId: string, seq: number): string {
  return `turn_${sessionId.slice("sess_".length)}_${seq}`;
}

/** Prior trust by source kind and role (contract 4.4). */
export function priorTrust(kind: SourceKind, role?: Role): number {
  if (kind === "turn") return { system: 0.8, user: 0.7, tool: 0.6, assistant: 0.4 }[role ?? "user"];
  return { upsert: 0.95, document: 0.9, consolidation: 0.6, reflect: 0.5, elaboration: 0.4 }[kind];
}

/** Upserts and documents are authoritative; everything said is experiential (contract 4.5). */
export function isAuthoritative(sources: readonly FactSource[]): boolean {
  return sources.some((source) => source.kind === "upsert" || source.kind === "document");
}
