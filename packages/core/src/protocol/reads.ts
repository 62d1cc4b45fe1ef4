// Wire shapes of the reads that explain memory (contract 7.8 to 7.13, 7.16).

import type {
  AttributeDetail,
  EntityDetail,
  IsoTime,
  PageInfo,
  RelationDetail,
  Role,
  ScopeSets,
  SessionResponse,
} from "./types.ts";

/** Narrows a list of sessions; newest first. */
export interface SessionFilter {
  status?: "open" | "closed" | undefined;
  externalId?: string | undefined;
  lens?: ScopeSets | undefined;
}

export interface SessionsResponse {
  sessions: SessionResponse[];
  page?: PageInfo | undefined;
}

export interface StateDiffFilter {
  /** A turn id, or a time. */
  since: string;
  lens?: ScopeSets | undefined;
  sessionId?: string | undefined;
  limit?: number | undefined;
}

/** One record that changed between two instants. */
export interface StateChange {
  type: "attribute" | "relation" | "instruction" | "uncertainty";
  id: string;
  /** `entity:<type>/<name>`, absent for records about nothing known. */
  entity?: string | undefined;
  key: string;
  value: string;
  sourceTurn?: string | undefined;
}

/** The net effect of everything committed after `since`, in the caller's read region. */
export interface StateDiffResponse {
  since: string;
  /** Newest turn that the diff covers, or the instant it was made. */
  until: string;
  added: (StateChange & { at: IsoTime })[];
  updated: (StateChange & { previousValue: string; at: IsoTime })[];
  superseded: (StateChange & { supersededAt: IsoTime })[];
  /** Ended without a successor: a negation, an expiry, a forgetting. */
  closed: (StateChange & { closedAt: IsoTime })[];
}

export interface EntityFilter {
  type?: string | undefined;
  lens?: ScopeSets | undefined;
}

export interface EntitiesResponse {
  entities: EntityDetail[];
  page?: PageInfo | undefined;
}

export interface EntityResponse {
  entity: EntityDetail;
  attributes: AttributeDetail[];
  relations: RelationDetail[];
}

export interface HistoryResponse {
  /** Newest first, with the live row. */
  history: AttributeDetail[];
}

export type InspectResponse =
  | ({ kind: "entity" } & EntityResponse)
  | { kind: "attribute"; current?: AttributeDetail | undefined; history: AttributeDetail[] }
  | { kind: "relation"; matches: RelationDetail[] }
  | {
      kind: "turn";
      turn: InspectedTurn;
      attributes: AttributeDetail[];
      relations: RelationDetail[];
    }
  | { kind: "trace"; trace: TraceDetail };

export interface InspectedTurn {
  id: string;
  sessionId: string;
  role: Role;
  content: string;
  createdAt: IsoTime;
  scopes: ScopeSets;
  /** Kinds of injection found in the text (contract 7.17). */
  findings: string[];
  quarantined: boolean;
}

export type TraceKind = "decision" | "retrieval" | "response";

export interface TraceSummary {
  id: string;
  /** Absent in older services. */
  kind?: TraceKind | undefined;
  queryText: string;
  resolutionTier: string;
  tierReason: string;
  cached: boolean;
  latencyMs: number;
  createdAt: IsoTime;
}

export interface TraceDetail extends TraceSummary {
  principal?: string | undefined;
  /** What the trace holds: outcomes, refs, scores and signals; never content. */
  data?: Record<string, unknown> | undefined;
  returned?:
    | {
        id: string;
        table: string;
        score?: number | undefined;
        rank?: number | undefined;
        /** What each signal of the ranking added to the score. */
        signals?: Record<string, number> | undefined;
      }[]
    | undefined;
  /** The answer that this recall served, and the recalls that this answer used. */
  parent?: Record<string, unknown> | null | undefined;
  retrievals?: Record<string, unknown>[] | null | undefined;
}

export interface TracesResponse {
  traces: TraceSummary[];
  page?: PageInfo | undefined;
}

export interface TraceStatsResponse {
  windowHours: number;
  totalQueries: number;
  avgLatencyMs: number;
  tierCounts: { direct: number; hybrid: number; fullContext: number };
  cacheHits: number;
  cacheHitRate: number;
  responseTraces?: number | undefined;
  responseTracesTotal?: number | undefined;
  responseTracesCached?: number | undefined;
  // counters by name; services count different things
  supersession: Record<string, number>;
  contradiction: Record<string, number>;
  retrieval: Record<string, number>;
  sourceKindDistribution: { kind: string; count: number }[];
}

export interface AuditRow {
  traceId: string;
  kind: TraceKind;
  principal?: string | null | undefined;
  model?: string | null | undefined;
  createdAt: IsoTime;
  latencyMs: number;
  cost: number;
  rowsTouched: number;
}

/** Bounds are inclusive. */
export interface AuditFilter {
  principal?: string | undefined;
  key?: string | undefined;
  kind?: TraceKind | undefined;
  since?: IsoTime | undefined;
  until?: IsoTime | undefined;
}

export interface AuditResponse {
  rows: AuditRow[];
  page?: PageInfo | undefined;
}

export interface ForgetRequest {
  query?: string | undefined;
  /** Exact records: facts, or turns that leave the conversation. */
  ids?: string[] | undefined;
  lens?: ScopeSets | undefined;
  sessionId?: string | undefined;
  /** Share of the query's weight that a record must carry, 0 to 1. @default 0.75 */
  threshold?: number | undefined;
  /** @default 100 */
  limit?: number | undefined;
  /** True counts and forgets nothing. */
  dryRun?: boolean | undefined;
  purge?: boolean | undefined;
}

export interface ForgetResponse {
  /** How many were forgotten; with `dryRun`, how many would be. */
  deleted: number;
  ids?: string[] | undefined;
  traceId?: string | undefined;
}

export interface QuarantineResponse {
  rows: {
    id: string;
    sessionId: string;
    role: Role;
    text: string;
    findings: string[];
    createdAt: IsoTime;
  }[];
  page?: PageInfo | undefined;
}
