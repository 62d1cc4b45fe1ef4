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
  | "consolidation"
  | "forget"
  | "lifecycle";

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
  /** What ended the validity without a successor. */
  endedBy: FactSource | null;
  sources: FactSource[];
  labels: string[];
}

/**
 * What one turn, upsert or request states. Facts are the fold of the live statements of a scope set, in order, so an
 * edit or a retraction is the same fold over other statements.
 */
export interface Statement {
  /** Unique; the fact that it creates has the same id after the prefix of its kind. */
  id: string;
  kind: FactKind;
  scopeSet: number;
  entity: number | null;
  key: string;
  /** Empty in a negation that ends whatever holds the key. */
  value: string;
  object: number | null;
  category: MemoryCategory;
  polarity: "affirm" | "negate";
  confidence: number;
  validFrom: Instant;
  validTo: Instant | null;
  /** When the service learned it. */
  at: Instant;
  source: FactSource;
  labels: string[];
  /** The turn behind it and its first version; statements are folded by `orderAt`, then this position. */
  turn: number | null;
  orderAt: Instant;
  origin: number;
  /** True in quarantine: not folded until restored. */
  held: boolean;
}

export interface StoredStatement extends Statement {
  row: number;
  /** When it was withdrawn by an edit or a retraction. */
  endedAt: Instant | null;
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
  /** When it was said: `ts`, else when the first version arrived. */
  said: Instant;
  /** When it arrived. */
  at: Instant;
  /** When its first version arrived. */
  firstAt: Instant;
  principal: string;
  /** Key of the first version; a revision stands where that one stood. */
  origin: number;
  /** When a revision or a retraction took it out of the conversation. */
  endedAt: Instant | null;
  /** Key of the turn that replaced it. */
  revisedBy: number | null;
  /** False for a turn that is kept for the transcript alone. */
  recalled: boolean;
  /** In quarantine: listed, never recalled. */
  held: boolean;
  /** Injection findings in the text (contract 7.17). */
  findings: string[];
  labels: string[];
}

/** True when recall may find the turn now. */
export function isActive(turn: TurnRecord): boolean {
  return turn.endedAt === null && turn.recalled && !turn.held && turn.text !== "";
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

/** Position of a public turn id in its session; undefined for an id of another session. */
export function parseTurnId(sessionId: string, id: string): number | undefined {
  const prefix = `turn_${sessionId.slice("sess_".length)}_`;
  const bare = id.startsWith("turn:") ? id.slice("turn:".length) : id;
  const seq = bare.startsWith(prefix) ? bare.slice(prefix.length) : "";
  return /^[1-9]\d{0,6}$/.test(seq) ? Number(seq) : undefined;
}

/** Prior trust by source kind and role (contract 4.4). */
export function priorTrust(kind: SourceKind, role?: Role): number {
  if (kind === "turn") return { system: 0.8, user: 0.7, tool: 0.6, assistant: 0.4 }[role ?? "user"];
  return {
    upsert: 0.95,
    document: 0.9,
    consolidation: 0.6,
    reflect: 0.5,
    elaboration: 0.4,
    forget: 1,
    lifecycle: 1,
  }[kind];
}

/** Upserts and documents are authoritative; everything said is experiential (contract 4.5). */
export function isAuthoritative(sources: readonly FactSource[]): boolean {
  return sources.some((source) => source.kind === "upsert" || source.kind === "document");
}

/** An operator's order ends any fact, whoever stated it. */
export function isOrder(source: FactSource): boolean {
  return source.kind === "forget" || source.kind === "lifecycle";
}

/** Id of the fact that a statement creates. */
export function factId(kind: FactKind, statementId: string): string {
  const prefix = { attribute: "attr", relation: "rel", instruction: "inst", uncertainty: "unc" };
  return `${prefix[kind]}_${statementId.slice(statementId.indexOf("_") + 1)}`;
}
