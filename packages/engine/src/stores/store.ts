import type { ScopeSets } from "@spectron/core/protocol";
import type { CommandInput, CommandName, CommandOutput } from "../commands/index.ts";
import type { ReadClamp } from "../model/clamp.ts";
import type {
  EntityRecord,
  FactKind,
  FactRecord,
  Instant,
  SessionRecord,
  Statement,
  StoredFact,
  StoredStatement,
  TurnRecord,
} from "../model/records.ts";
import type { Keep } from "../recall/keep.ts";
import type { QueryInput, QueryName, QueryOutput } from "../queries/index.ts";

/** A store in the same thread answers at once, one behind a connection with a promise. */
export type Awaitable<T> = T | Promise<T>;

/**
 * The only door to durable state. Commands and queries are engine code over the two views below; a store
 * runs a command in one durable transaction and answers after the sync that covers it.
 */
export interface Store {
  /** Newest instant that was stored before it was opened; 0 when there is none. */
  readonly newest: Instant;
  write<Name extends CommandName>(
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name>>;
  read<Name extends QueryName>(name: Name, input: QueryInput<Name>): Promise<QueryOutput<Name>>;
  /** Settles when writes are taken; rejects with what keeps them from being. */
  check(): Promise<void>;
  /** Reads everything once and tells what breaks a rule that must always hold. */
  verify(): Promise<VerifyReport>;
  /** Copies one committed state to a new file while the store is in use. */
  backup(target: string): Promise<void>;
  /** Finishes what is under way, then frees files, threads and connections. */
  close(): Promise<void>;
}

export interface VerifyReport {
  ok: boolean;
  /** Rows that were read, by table. */
  checked: Record<string, number>;
  problems: { rule: string; count: number }[];
}

export interface KeyRecord {
  context: string;
  principal: string;
  name: string;
  /** Salted slow hash of the secret. */
  hash: string;
  displayName: string;
  principalKind: string;
  /** Verb to patterns. */
  grants: Record<string, string[]>;
  keyGrants: Record<string, string[]> | null;
  expiresAt: Instant | null;
}

/** A key with the secret of its context, which keys the digests of stored requests. */
export interface FoundKey extends KeyRecord {
  contextSecret: string;
}

export interface StoredAnswer {
  fingerprint: string;
  status: number;
  body: string;
  createdAt: Instant;
  expiresAt: Instant;
}

export interface IdempotencyRef {
  context: string;
  principal: string;
  key: string;
}

/** Scope sets a clamp lets through: all of the context, or those named. */
export type VisibleSets = "all" | readonly number[];

export interface TurnFilter {
  session: number;
  /** The conversation as it stands, or every version of every turn. */
  view: "current" | "all";
  /** @default "oldest" */
  order?: "oldest" | "newest" | undefined;
  /** Only turns beyond this one in the asked order: by place in the conversation, or by position for `all`. */
  after?: { origin: number; key: number } | undefined;
  /** Only turns with this message id of the caller. */
  clientId?: string | undefined;
  /** Skips this many. @default 0 */
  offset?: number | undefined;
  limit: number;
}

export interface SessionFilter {
  sets: VisibleSets;
  status?: "open" | "closed" | undefined;
  externalId?: string | undefined;
  /** Only sessions older than this one. */
  before?: number | undefined;
  limit: number;
}

/** Where turns without a vector are looked for. */
export interface VectorGap {
  /** Only in this session. */
  session?: number | undefined;
  /** Only turns with a lower key. */
  before?: number | undefined;
  limit: number;
}

export interface TermMatch {
  /** Best matches, best first. */
  turns: TurnRecord[];
  /** Number of visible turns that hold each term. */
  documentFrequency: Map<string, number>;
}

export interface TermMatchOptions {
  limit: number;
  /** Document frequencies that need not be counted again. */
  known?: ReadonlyMap<string, number> | undefined;
}

export interface FactFilter {
  sets: VisibleSets;
  kinds?: readonly FactKind[] | undefined;
  entities?: readonly number[] | undefined;
  key?: string | undefined;
  /** Belief at this instant; absent: what is believed now. */
  asOf?: Instant | undefined;
  /** Also facts whose validity has ended. */
  includeEnded?: boolean | undefined;
  /** The instant at which validity is judged. */
  at: Instant;
  limit: number;
}

/** Belief that began or ended in a stretch of time: after `since`, up to `until`. */
export interface FactChangeFilter {
  sets: VisibleSets;
  since: Instant;
  until: Instant;
  limit: number;
}

export interface TraceRecord {
  id: string;
  kind: "decision" | "retrieval" | "response";
  /** The set it wrote to, or null for a read. */
  scopeSet: number | null;
  principal: string;
  at: Instant;
  data: Record<string, unknown>;
}

/** A trace as it is written: its data may be JSON text already. */
export interface NewTrace extends Omit<TraceRecord, "data"> {
  data: TraceRecord["data"] | string;
}

export interface TraceFilter {
  sets: VisibleSets;
  /** Whose traces without a scope set are shown; absent: everybody's. */
  principal?: string | undefined;
  kinds?: readonly TraceRecord["kind"][] | undefined;
  since?: Instant | undefined;
  until?: Instant | undefined;
  /** Oldest first for a feed, newest first for a list. */
  order: "oldest" | "newest";
  limit: number;
}

/** How strongly a fact is held; apart from its versions, because reading changes it. */
export interface Importance {
  value: number;
  at: Instant;
}

/** Bounds of what is kept beside memory itself. */
export interface Retention {
  /** Traces older than this many milliseconds go. */
  traceAge: number;
  /** Most traces of one context. */
  traceCount: number;
}

/** What a query may ask. Every method sees one committed state. */
export interface Reader {
  /** What ranking keeps between queries; absent where uncommitted changes can be seen. */
  readonly keep?: Keep | undefined;
  /** Newest instant that is stored: of a change, of a trace, of a sweep, or kept as such. */
  newestInstant(): Awaitable<Instant>;
  contextKey(name: string): Awaitable<number | undefined>;
  key(context: string, name: string): Awaitable<FoundKey | undefined>;
  answer(ref: IdempotencyRef): Awaitable<StoredAnswer | undefined>;

  session(context: number, id: string): Awaitable<SessionRecord | undefined>;
  /** The open session of an external id. */
  sessionByExternalId(
    context: number,
    principal: string,
    externalId: string,
  ): Awaitable<SessionRecord | undefined>;
  /** Newest first. */
  sessions(context: number, filter: SessionFilter): Awaitable<SessionRecord[]>;
  sessionIds(context: number, keys: readonly number[]): Awaitable<Map<number, string>>;

  scopeSet(context: number, key: number): Awaitable<ScopeSets>;
  /** The one place where a clamp becomes a filter. */
  visibleSets(context: number, clamp: ReadClamp): Awaitable<VisibleSets>;
  /** Grows with every change of turns or facts in the sets: equal revisions, equal memory. */
  revision(context: number, sets: VisibleSets): Awaitable<string>;

  /** In the order of the conversation. */
  turns(context: number, filter: TurnFilter): Awaitable<TurnRecord[]>;
  countSessionTurns(context: number, session: number): Awaitable<number>;
  turnsByKey(context: number, keys: readonly number[]): Awaitable<TurnRecord[]>;
  /** All versions of the message whose first version is `origin`, oldest first. */
  turnVersions(context: number, origin: number): Awaitable<TurnRecord[]>;
  /** The present turn with the caller's message id. */
  turnByClientId(
    context: number,
    session: number,
    clientId: string,
  ): Awaitable<TurnRecord | undefined>;
  /** Raw JSON kept beside turns. */
  turnParts(context: number, keys: readonly number[]): Awaitable<Map<number, string>>;
  /** The newest recallable turns; with `asOf` those that were recallable then. */
  recallableTurns(
    context: number,
    sets: VisibleSets,
    options: { limit: number; asOf?: Instant | undefined },
  ): Awaitable<TurnRecord[]>;
  /** Keys of the newest recallable turns. */
  recallableKeys(context: number, sets: VisibleSets, limit: number): Awaitable<number[]>;
  /** Vectors that the model gave these turns; a turn that has none is left out. */
  turnVectors(
    context: number,
    model: string,
    keys: readonly number[],
  ): Awaitable<Map<number, Int8Array>>;
  /** Recallable turns that the model has given no vector, by key, the highest first. */
  turnsWithoutVector(context: number, model: string, filter: VectorGap): Awaitable<TurnRecord[]>;
  countVectors(context: number, model: string): Awaitable<number>;
  /** Recallable turns and their index terms, from counters. */
  recallSize(context: number, sets: VisibleSets): Awaitable<{ turns: number; terms: number }>;
  matchTurns(
    context: number,
    sets: VisibleSets,
    terms: readonly string[],
    options: TermMatchOptions,
  ): Awaitable<TermMatch>;
  /** Turns that recall may not find, whatever the reason, by key, the highest first; erased ones are left out. */
  unrecallableTurns(
    context: number,
    sets: VisibleSets,
    options: { before?: number | undefined; limit: number },
  ): Awaitable<TurnRecord[]>;
  /** Turns in quarantine, newest first. */
  heldTurns(context: number, sets: VisibleSets, limit: number): Awaitable<TurnRecord[]>;

  facts(context: number, filter: FactFilter): Awaitable<StoredFact[]>;
  /** Every version of these facts, oldest belief first. */
  factVersions(context: number, ids: readonly string[]): Awaitable<StoredFact[]>;
  /** Every version of every fact of these keys, oldest belief first. */
  factHistory(context: number, scopeSet: number, keys: readonly string[]): Awaitable<StoredFact[]>;
  changedFacts(context: number, filter: FactChangeFilter): Awaitable<StoredFact[]>;
  importance(context: number, ids: readonly string[]): Awaitable<Map<string, Importance>>;
  entities(context: number, keys: readonly number[]): Awaitable<EntityRecord[]>;
  /** One row for each scope set that knows the entity. */
  entitiesByName(
    context: number,
    sets: VisibleSets,
    type: string,
    normalName: string,
  ): Awaitable<EntityRecord[]>;
  /** Entities that live facts speak of, by type, then name. */
  liveEntities(
    context: number,
    sets: VisibleSets,
    options: { type?: string | undefined; at: Instant; offset: number; limit: number },
  ): Awaitable<EntityRecord[]>;

  traces(context: number, filter: TraceFilter): Awaitable<TraceRecord[]>;
  trace(context: number, id: string): Awaitable<TraceRecord | undefined>;
}

/** Which statements: those that stand about some keys, in the order of the conversation, or all that turns ever made. */
export type StatementFilter =
  | { scopeSet: number; keys: readonly string[]; /** Also withdrawn ones. */ all?: boolean }
  | { turns: readonly number[] };

/** What a command may change, inside its transaction. */
export interface Writer extends Reader {
  createContext(name: string, secret: string, at: Instant): Awaitable<number>;
  putKey(record: KeyRecord, at: Instant): Awaitable<void>;
  internScopeSet(context: number, clauses: ScopeSets): Awaitable<number>;
  /**
   * Serialises writers of these sets and returns the instant of this change: `now`, or the next free one after the
   * sets' last change, so that known time is also their commit order.
   */
  lockScopeSets(context: number, sets: readonly number[], now: Instant): Awaitable<Instant>;

  insertSession(
    context: number,
    session: Omit<SessionRecord, "key" | "scopes" | "lastSeq" | "status" | "closedAt">,
  ): Awaitable<SessionRecord>;
  closeSession(context: number, session: number, at: Instant): Awaitable<void>;
  /** Serialises writers of one session and returns its newest position. */
  lockSession(context: number, session: number): Awaitable<number>;

  appendTurns(
    context: number,
    session: number,
    turns: readonly TurnRecord[],
    parts: ReadonlyMap<number, string>,
  ): Awaitable<void>;
  /** Takes turns out of the conversation, with the key of what replaces each. */
  endTurns(
    context: number,
    turns: readonly { key: number; revisedBy: number | null }[],
    at: Instant,
  ): Awaitable<void>;
  /** Puts turns into quarantine or out of it, or leaves them to the transcript alone. */
  markTurns(
    context: number,
    keys: readonly number[],
    mark: { held: boolean } | { recalled: boolean },
  ): Awaitable<void>;
  /** Erases text, parts and index; the position stays. */
  eraseTurns(context: number, keys: readonly number[]): Awaitable<void>;

  /** Keeps one vector for each turn; one of another model is replaced, and goes with the turn's text. */
  putVectors(
    context: number,
    model: string,
    vectors: ReadonlyMap<number, Int8Array>,
  ): Awaitable<void>;

  statements(context: number, filter: StatementFilter): Awaitable<StoredStatement[]>;
  insertStatements(context: number, statements: readonly Statement[]): Awaitable<void>;
  /** Withdraws statements: later folds do not see them. */
  endStatements(context: number, rows: readonly number[], at: Instant): Awaitable<void>;
  holdStatements(context: number, rows: readonly number[], held: boolean): Awaitable<void>;
  eraseStatements(context: number, rows: readonly number[]): Awaitable<void>;

  /** Believed rows of these keys, ended ones too, in order of creation. */
  believedFacts(
    context: number,
    scopeSet: number,
    keys: readonly string[],
  ): Awaitable<StoredFact[]>;
  applyFacts(
    context: number,
    change: { close: readonly number[]; insert: readonly FactRecord[] },
    at: Instant,
  ): Awaitable<void>;
  /** Removes those of these entities that no statement and no fact names any more. */
  eraseEntities(context: number, keys: readonly number[]): Awaitable<void>;
  /** Removes every version of these facts. */
  eraseFacts(context: number, ids: readonly string[]): Awaitable<void>;
  setImportance(context: number, values: ReadonlyMap<string, Importance>): Awaitable<void>;
  /** Get or create; `created` tells which. */
  internEntity(
    context: number,
    entity: Omit<EntityRecord, "key" | "createdAt" | "updatedAt">,
    at: Instant,
  ): Awaitable<{ entity: EntityRecord; created: boolean }>;

  /** False when another request with this key is running now. */
  reserveAnswer(ref: IdempotencyRef): Awaitable<boolean>;
  putAnswer(context: number, ref: IdempotencyRef, answer: StoredAnswer): Awaitable<void>;
  /** Rewrites stored answers that hold one of these words. */
  redactAnswers(
    context: number,
    words: readonly string[],
    redact: (body: string) => string,
  ): Awaitable<void>;
  appendTrace(context: number, trace: NewTrace): Awaitable<void>;
  /** Removes what has expired, oldest first, at most `limit` rows; returns how many went. */
  sweep(retention: Retention, now: Instant, limit: number): Awaitable<number>;
  /** A number kept for the service, such as the time of the last sweep. */
  setting(context: number, name: string): Awaitable<number | undefined>;
  putSetting(context: number, name: string, value: number): Awaitable<void>;
}
