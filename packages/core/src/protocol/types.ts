// Wire shapes of the HTTP API, field names exactly as they travel (contract section 7).

export type Role = "user" | "assistant" | "system" | "tool";
export type MemoryCategory = "identity" | "knowledge" | "context";
/** Outer array: OR. Inner array: AND. Members: canonical slash paths such as `org/acme/user/alice`. */
export type ScopeSets = string[][];
/** RFC 3339, UTC, millisecond precision. */
export type IsoTime = string;

export interface HealthResponse {
  status: string;
  name?: string | undefined;
  version?: string | undefined;
  wire?: string[] | undefined;
  capabilities?: string[] | undefined;
}

export interface MeResponse {
  principalId: string;
  displayName: string;
  kind: string;
  grants: Record<string, string[]>;
  effectiveGrants: Record<string, string[]>;
  tokenGrants?: Record<string, string[]> | null | undefined;
  delegatedPrincipalId?: string | null | undefined;
}

export interface SessionCreateRequest {
  scopes?: ScopeSets | undefined;
  metadata?: Record<string, unknown> | undefined;
  externalId?: string | undefined;
}

export interface SessionResponse {
  id: string;
  scopes: ScopeSets;
  createdAt: IsoTime;
  metadata?: Record<string, unknown> | undefined;
  status?: "open" | "closed" | undefined;
  externalId?: string | null | undefined;
  endedAt?: IsoTime | null | undefined;
  turnCount?: number | undefined;
  principalId?: string | undefined;
}

export interface AppendTurnRequest {
  role: Role;
  content: string;
  ts?: IsoTime | undefined;
}

/** The structured diff of one message, in newer and older names. */
export interface AppendTurnResponse extends ExtractionResult {
  sessionId: string;
  traceId?: string | undefined;
}

export interface TurnResponse {
  id: string;
  session: string;
  role: Role;
  content: string;
  seq: number;
  createdAt: IsoTime;
  ts?: IsoTime | null | undefined;
  clientId?: string | null | undefined;
  /** The platform's own message, when asked for with `parts=true` (capability `turn-parts`). */
  parts?: unknown;
  /** False for a turn that is kept in the transcript alone. @default true */
  remember?: boolean | undefined;
  /** The turn that this one replaced, and the one that replaced it (capability `message-revisions`). */
  revises?: string | undefined;
  revisedBy?: string | undefined;
  /** When a revision or a retraction took it out of the conversation. */
  endedAt?: IsoTime | undefined;
}

export interface PageInfo {
  hasMore: boolean;
  nextCursor?: string | undefined;
  totalSize?: number | null | undefined;
}

/** Where in a list a page starts: a cursor, or an offset of services that have no cursors. */
export interface ListPage {
  limit?: number | undefined;
  cursor?: string | undefined;
  offset?: number | undefined;
  /** Asks for `page.totalSize`. */
  count?: boolean | undefined;
}

export interface TurnFilter {
  /** @default "asc" */
  order?: "asc" | "desc" | undefined;
  /** Gives each turn its `parts`. */
  parts?: boolean | undefined;
  /** The turn with this message id alone. */
  clientId?: string | undefined;
  /** Shows turns that a revision or a retraction took out, too. */
  includeRevised?: boolean | undefined;
}

export interface TurnsResponse {
  turns: TurnResponse[];
  page?: PageInfo | undefined;
}

export interface WireMessage {
  role: Role;
  content: string;
  ts?: IsoTime | null | undefined;
  id?: string | undefined;
  /** Who was spoken to; at most 8 names. */
  addressees?: string[] | undefined;
  /** The platform's own message as JSON, kept beside the turn and given back as it was (capability `turn-parts`). */
  parts?: unknown;
  /** False keeps the turn in the transcript alone: nothing is extracted, recall never finds it, and `content` may be empty. @default true */
  remember?: boolean | undefined;
}

export interface FactsBatchRequest {
  messages: WireMessage[];
  /**
   * Id of the turn that must be the newest of the session, or null for a session without turns; otherwise 409
   * `turn_conflict` and nothing is stored (capability `turn-parts`).
   */
  after?: string | null | undefined;
  session_id?: string | undefined;
  scopes?: ScopeSets | undefined;
  extract?: "whole_conversation" | "per_message" | undefined;
  infer?: "full" | "none" | "preview" | undefined;
  labels?: string[] | undefined;
}

export interface FactsBatchResponse {
  sessionId: string;
  turnIds: string[];
  extractions: ExtractionResult[];
  traceId?: string | undefined;
}

export interface Triple {
  entity: { type: string; name: string };
  key: string;
  value?: string | undefined;
  target?: { type: string; name: string } | undefined;
  memory_category?: MemoryCategory | undefined;
}

export interface FactsRequest {
  text?: string | undefined;
  infer?: "full" | "triples" | "preview" | "none" | undefined;
  session_id?: string | undefined;
  scopes?: ScopeSets | undefined;
  role?: Role | undefined;
  memory_category?: MemoryCategory | undefined;
  labels?: string[] | undefined;
  triples?: Triple[] | undefined;
  observed_at?: IsoTime | undefined;
  /** Who was spoken to; at most 8 names. */
  addressees?: string[] | undefined;
}

export interface FactsResponse {
  mode: "full" | "triples" | "preview" | "none";
  sessionId: string;
  turnId?: string | undefined;
  chunkId?: string | undefined;
  preview?: boolean | undefined;
  extraction?: ExtractionResult | undefined;
  traceId?: string | undefined;
}

/** The structured diff that every write answers with. All arrays are always present. */
export interface ExtractionResult {
  turnId: string;
  entities: {
    id: string;
    entityType: string;
    name: string;
    memoryCategory: string;
    isNew: boolean;
  }[];
  attributes: {
    id: string;
    entityId: string;
    key: string;
    value: string;
    memoryCategory: string;
  }[];
  relations: { subject: string; label: string; object: string; memoryCategory: string }[];
  instructions: { id: string; label: string; description: string }[];
  uncertainties: { about: string; reason: string }[];
  corrections: { entityId: string; key: string; oldValue: string; newValue: string }[];
  /** Absent in older services. */
  actions?: ActionSummary[] | undefined;
}

export interface ActionSummary {
  actor: string;
  verb: string;
  object?: string | undefined;
  summary: string;
  occurredAt?: IsoTime | undefined;
  memoryCategory: string;
}

/** Where a record comes from. `ref` is `turn:<id>`, `doc:<id>` or `trace:<id>`. */
export interface Source {
  kind: string;
  ref?: string | undefined;
  sessionId?: string | undefined;
  role?: Role | undefined;
  trust?: number | undefined;
  span?: { start: number; end: number } | null | undefined;
  turnAt?: IsoTime | undefined;
  /** The words of the turn that state the fact; absent when the value is no literal quote. */
  quote?: string | undefined;
}

/** The three clocks: when it was true, what was believed, what the store held (contract 4.7). */
export interface TimeFilter {
  asOf?: IsoTime | undefined;
  atInstant?: IsoTime | undefined;
  validFrom?: IsoTime | undefined;
  validUntil?: IsoTime | undefined;
}

export interface ReadFilter extends TimeFilter {
  lens?: ScopeSets | undefined;
  scopeView?: "strict" | "merged" | "crossTeam" | undefined;
  labels?: string[] | undefined;
}

export interface QueryRequest extends ReadFilter {
  query: string;
  k?: number | undefined;
  mode?: "hybrid" | "vector" | "bm25" | "graph" | undefined;
  include?: ("facts" | "passages")[] | undefined;
  /** Narrows to this session's scopes and lifts its turns. */
  sessionId?: string | undefined;
  includeDuplicates?: boolean | undefined;
  /** Where the question comes from; kept on the trace. */
  source?: string | undefined;
  location?:
    | { near: { lat: number; lng: number; radiusKm: number } }
    | { within: string }
    | undefined;
}

export interface QueryHit {
  id: string;
  score: number;
  source: string;
  text: string;
  occurredAt?: IsoTime | undefined;
  sources?: Source[] | undefined;
  resource?: { kind: string } | undefined;
  dateNotes?: unknown;
}

export interface QueryResponse {
  hits: QueryHit[];
  /** Neighbours of the hits, beside the `k` that were asked for. */
  contextHits?: QueryHit[] | undefined;
  /** The time that the question is about. */
  queryWindow?: unknown;
  tier: string;
  queryMs: number;
  classificationKind: string;
  seedEntities: string[];
  trace: {
    traceId: string;
    resolutionTier: string;
    tierReason: string;
    retrievedCount: number;
    topScores: number[];
    latencyMs: number;
  };
}

export interface ContextRequest extends ReadFilter {
  query: string;
  k?: number | undefined;
  /** Also answers with the profile of the same region, so that one request brings both (capability `context-profile`). */
  profile?: boolean | undefined;
  /** Token budget of the answer, four characters to a token. */
  maxTokens?: number | undefined;
}

export interface SessionContextRequest {
  query: string;
  k?: number | undefined;
  /** Token budget of the answer, four characters to a token. */
  maxTokens?: number | undefined;
}

/** A record behind the context, without its words. */
export interface ContextHit {
  id: string;
  score: number;
  sources?: Source[] | undefined;
}

export interface ContextResponse {
  context: string;
  /** What the context is made of, best first. */
  hits?: ContextHit[] | undefined;
  profile?: ProfileResponse | undefined;
  tier?: string | undefined;
  queryMs?: number | undefined;
  traceId?: string | undefined;
}

export interface ProfileFilter {
  lens?: ScopeSets | undefined;
  asOf?: IsoTime | undefined;
}

export interface ProfileEntry {
  key: string;
  value: string;
  entity?: string | undefined;
  entityType?: string | undefined;
}

export interface ProfileResponse {
  static: ProfileEntry[];
  dynamic: ProfileEntry[];
  preferences: ProfileEntry[];
  instructions: { id: string; label: string; description: string }[];
  selfFacts?: unknown[] | undefined;
}

export interface EntityDetail {
  id: string;
  entityType: string;
  name: string;
  memoryCategory: string;
  importance: number;
  createdAt: IsoTime;
  updatedAt: IsoTime;
}

export interface AttributeDetail {
  id: string;
  entity: string;
  key: string;
  value: string;
  memoryCategory: string;
  importance: number;
  createdAt: IsoTime;
  validFrom?: IsoTime | undefined;
  validUntil?: IsoTime | undefined;
  supersedes?: string | undefined;
  supersededBy?: string | undefined;
  source?: Source | undefined;
  sources?: Source[] | undefined;
  confidence?: number | undefined;
}

export interface RelationDetail {
  id: string;
  subject: string;
  label: string;
  object: string;
  memoryCategory: string;
  createdAt: IsoTime;
  validFrom?: IsoTime | undefined;
  validUntil?: IsoTime | undefined;
  source?: Source | undefined;
}

export interface StateFilter {
  lens?: ScopeSets | undefined;
  sessionId?: string | undefined;
  asOf?: IsoTime | undefined;
  limit?: number | undefined;
  /** Adds what replaced what. */
  corrections?: boolean | undefined;
}

export interface StateCategory {
  entities: EntityDetail[];
  attributes: AttributeDetail[];
  relations: RelationDetail[];
  actions?: unknown[] | undefined;
}

export interface StateResponse {
  identity: StateCategory;
  knowledge: StateCategory;
  context: StateCategory;
  instructions: { id: string; label: string; description: string; source?: Source | undefined }[];
  unknowns: { about: string; reason: string; source?: Source | undefined }[];
  corrections?: Correction[] | undefined;
  /** Which of the lists were cut at the limit. */
  truncated?: Record<string, boolean> | undefined;
}

export interface Correction {
  entityId: string;
  key: string;
  oldValue: string;
  newValue: string;
  at?: IsoTime | undefined;
  source?: Source | undefined;
}

/** Body of every error answer: RFC 9457, with the older `message` beside `detail`. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  message: string;
  code: string;
  traceId?: string | undefined;
  retry_after?: number | undefined;
  errors?: { path: string; message: string }[] | undefined;
}
