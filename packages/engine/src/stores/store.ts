import type { ScopeSets } from "@spectron/core/protocol";
import type { CommandInput, CommandName, CommandOutput } from "../commands/index.ts";
import type { ReadClamp } from "../model/clamp.ts";
import type {
  EntityRecord,
  FactKind,
  FactRecord,
  Instant,
  SessionRecord,
  StoredFact,
  TurnRecord,
} from "../model/records.ts";
import type { QueryInput, QueryName, QueryOutput } from "../queries/index.ts";

/** A store in the same thread answers at once, one behind a connection with a promise. */
export type Awaitable<T> = T | Promise<T>;

/**
 * The only door to durable state. Commands and queries are engine code over the two views below; a store
 * runs a command in one durable transaction and answers after the sync that covers it.
 */
export interface Store {
  write<Name extends CommandName>(
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name>>;
  read<Name extends QueryName>(name: Name, input: QueryInput<Name>): Promise<QueryOutput<Name>>;
  /** Finishes what is under way, then frees files, threads and connections. */
  close(): Promise<void>;
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
  /** Only turns after this position. */
  afterSeq?: number | undefined;
  limit: number;
}

export interface TermMatch {
  /** Best matches, best first. */
  turns: TurnRecord[];
  /** Number of visible turns that hold each term. */
  documentFrequency: Map<string, number>;
}

export interface FactFilter {
  sets: VisibleSets;
  kinds?: readonly FactKind[] | undefined;
  entity?: number | undefined;
  key?: string | undefined;
  /** Belief at this instant; absent: what is believed now. */
  asOf?: Instant | undefined;
  /** Also versions whose validity has ended. */
  includeEnded?: boolean | undefined;
  /** The instant at which validity is judged. */
  at: Instant;
  limit: number;
}

/** What a query may ask. Every method sees one committed state. */
export interface Reader {
  contextKey(name: string): Awaitable<number | undefined>;
  key(context: string, name: string): Awaitable<FoundKey | undefined>;
  answer(ref: IdempotencyRef): Awaitable<StoredAnswer | undefined>;
  session(context: number, id: string): Awaitable<SessionRecord | undefined>;
  sessionByExternalId(
    context: number,
    principal: string,
    externalId: string,
  ): Awaitable<SessionRecord | undefined>;
  scopeSet(id: number): Awaitable<ScopeSets>;
  /** The one place where a clamp becomes a filter. */
  visibleSets(context: number, clamp: ReadClamp): Awaitable<VisibleSets>;
  turns(filter: TurnFilter): Awaitable<TurnRecord[]>;
  turnsByKey(keys: readonly number[]): Awaitable<TurnRecord[]>;
  turnByClientId(session: number, clientId: string): Awaitable<TurnRecord | undefined>;
  /** Up to `limit + 1` visible turns by key, or the newest of them. */
  visibleTurns(context: number, sets: VisibleSets, limit: number): Awaitable<TurnRecord[]>;
  countTurns(context: number, sets: VisibleSets, atMost: number): Awaitable<number>;
  matchTurns(
    context: number,
    sets: VisibleSets,
    terms: readonly string[],
    limit: number,
  ): Awaitable<TermMatch>;
  facts(context: number, filter: FactFilter): Awaitable<StoredFact[]>;
  entities(keys: readonly number[]): Awaitable<EntityRecord[]>;
  sessionIds(keys: readonly number[]): Awaitable<Map<number, string>>;
}

/** What a command may change, inside its transaction. */
export interface Writer extends Reader {
  createContext(name: string, secret: string, at: Instant): Awaitable<number>;
  putKey(record: KeyRecord, at: Instant): Awaitable<void>;
  internScopeSet(context: number, clauses: ScopeSets): Awaitable<number>;
  insertSession(
    context: number,
    session: Omit<SessionRecord, "key" | "scopes" | "lastSeq" | "status" | "closedAt">,
  ): Awaitable<SessionRecord>;
  closeSession(session: number, at: Instant): Awaitable<void>;
  /** Serialises writers of one session and returns its newest position. */
  lockSession(session: number): Awaitable<number>;
  appendTurns(context: number, session: number, turns: readonly TurnRecord[]): Awaitable<void>;
  /** Live rows of the scope set that the statements may meet; serialises writers of the set. */
  liveFacts(context: number, scopeSet: number, keys: readonly string[]): Awaitable<StoredFact[]>;
  applyFacts(
    context: number,
    change: { close: readonly number[]; insert: readonly FactRecord[] },
    at: Instant,
  ): Awaitable<void>;
  /** Get or create; `created` tells which. */
  internEntity(
    context: number,
    entity: Omit<EntityRecord, "key" | "createdAt" | "updatedAt">,
    at: Instant,
  ): Awaitable<{ entity: EntityRecord; created: boolean }>;
  putAnswer(ref: IdempotencyRef, answer: StoredAnswer): Awaitable<void>;
  appendTrace(
    context: number,
    trace: { id: string; kind: string; scopeSet: number | null; principal: string; data: unknown },
    at: Instant,
  ): Awaitable<void>;
  /** Server time that never goes back, also over restarts. */
  advanceClock(now: Instant): Awaitable<Instant>;
}
