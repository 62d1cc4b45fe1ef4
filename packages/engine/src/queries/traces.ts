import type {
  AuditResponse,
  TraceDetail,
  TracesResponse,
  TraceStatsResponse,
  TraceSummary,
} from "@spectron/core/protocol";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import { EngineError } from "../model/errors.ts";
import type { Instant } from "../model/records.ts";
import type { Reader, TraceFilter, TraceRecord } from "../stores/store.ts";
import { iso } from "./details.ts";
import { unpackReasons } from "./reasons.ts";
import type { Reasons } from "./reasons.ts";

/** Traces of one stretch of time that statistics are made of. */
const MOST_TRACES = 50_000;
const HOUR_MS = 60 * 60 * 1000;

/** Traces in the caller's region, newest first: its own reads, and writes to scopes that it may read. */
export async function listTraces(
  reader: Reader,
  input: { caller: Caller; limit: number },
): Promise<TracesResponse> {
  const { context, filter } = await visibleTraces(reader, input.caller);
  const traces = await reader.traces(context, { ...filter, limit: input.limit });
  return { traces: traces.map(toSummary) };
}

export async function getTrace(
  reader: Reader,
  input: { caller: Caller; id: string },
): Promise<TraceDetail> {
  const { context, filter } = await visibleTraces(reader, input.caller);
  const trace = await reader.trace(context, input.id);
  const isVisible =
    trace !== undefined &&
    (trace.scopeSet === null
      ? filter.principal === undefined || trace.principal === filter.principal
      : filter.sets === "all" || filter.sets.includes(trace.scopeSet));
  if (!isVisible) throw new EngineError("not_found", "There is no such trace.");
  const { returned, ...data } = trace.data;
  return {
    ...toSummary(trace),
    principal: trace.principal,
    data,
    ...(returned === undefined ? {} : { returned: toReturned(returned as Reasons) }),
  };
}

export async function readTraceStats(
  reader: Reader,
  input: { caller: Caller; windowHours: number; at: Instant },
): Promise<TraceStatsResponse> {
  const { context, filter } = await visibleTraces(reader, input.caller);
  const traces = await reader.traces(context, {
    ...filter,
    since: input.at - input.windowHours * HOUR_MS,
    limit: MOST_TRACES,
  });
  const retrievals = traces.filter(({ kind }) => kind === "retrieval");
  const decisions = traces.filter(({ kind }) => kind === "decision");
  const sum = (rows: readonly TraceRecord[], field: string): number =>
    rows.reduce((total, row) => total + Number(row.data[field] ?? 0), 0);
  const returned = (row: TraceRecord): number =>
    (row.data["returned"] as Reasons | undefined)?.ids.length ?? 0;
  const tier = (name: string): number =>
    retrievals.filter(({ data }) => (data["tier"] ?? "hybrid") === name).length;
  const kinds = new Map<string, number>();
  for (const { data } of decisions) {
    const kind = word(data, "operation") || "turn";
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return {
    windowHours: input.windowHours,
    totalQueries: retrievals.length,
    avgLatencyMs: retrievals.length === 0 ? 0 : sum(retrievals, "latencyMs") / retrievals.length,
    tierCounts: { direct: tier("direct"), hybrid: tier("hybrid"), fullContext: 0 },
    cacheHits: 0,
    cacheHitRate: 0,
    responseTraces: traces.filter(({ kind }) => kind === "response").length,
    supersession: { count: sum(decisions, "corrections") },
    contradiction: { count: sum(decisions, "uncertainties") },
    retrieval: {
      returned: retrievals.reduce((total, row) => total + returned(row), 0),
      empty: retrievals.filter((row) => returned(row) === 0).length,
    },
    sourceKindDistribution: [...kinds].map(([kind, count]) => ({ kind, count })),
  };
}

export async function readAudit(
  reader: Reader,
  input: {
    caller: Caller;
    principal?: string | undefined;
    kind?: TraceRecord["kind"] | undefined;
    since?: Instant | undefined;
    until?: Instant | undefined;
    limit: number;
  },
): Promise<AuditResponse> {
  const { context, filter } = await visibleTraces(reader, input.caller);
  const traces = await reader.traces(context, {
    ...filter,
    ...(input.kind === undefined ? {} : { kinds: [input.kind] }),
    since: input.since,
    until: input.until,
    limit: input.principal === undefined ? input.limit : MOST_TRACES,
  });
  return {
    rows: traces
      .filter((trace) => input.principal === undefined || trace.principal === input.principal)
      .slice(0, input.limit)
      .map((trace) => ({
        traceId: trace.id,
        kind: trace.kind,
        principal: trace.principal,
        createdAt: iso(trace.at),
        latencyMs: Number(trace.data["latencyMs"] ?? 0),
        cost: 0,
        rowsTouched: ["attributes", "ids", "turns"].reduce((total, field) => {
          const rows = trace.data[field];
          return total + (Array.isArray(rows) ? rows.length : 0);
        }, 0),
      })),
  };
}

async function visibleTraces(
  reader: Reader,
  caller: Caller,
): Promise<{ context: number; filter: Pick<TraceFilter, "sets" | "principal" | "order"> }> {
  const context = await requireContext(reader, caller.context);
  const managesAll = caller.manage.some((pattern) => pattern === "*" || pattern === "/*");
  return {
    context,
    filter: {
      sets: await reader.visibleSets(context, { patterns: caller.read }),
      principal: managesAll ? undefined : caller.principal,
      order: "newest",
    },
  };
}

function toSummary(trace: TraceRecord): TraceSummary {
  return {
    id: trace.id,
    kind: trace.kind,
    // the question's words are content, and traces hold none
    queryText: "",
    resolutionTier: word(trace.data, "tier"),
    tierReason: word(trace.data, "reason") || word(trace.data, "operation"),
    cached: false,
    latencyMs: Number(trace.data["latencyMs"] ?? 0),
    createdAt: iso(trace.at),
  };
}

function word(data: TraceRecord["data"], field: string): string {
  const value = data[field];
  return typeof value === "string" ? value : "";
}

function toReturned(reasons: Reasons): NonNullable<TraceDetail["returned"]> {
  return unpackReasons(reasons).map(({ id, ...reason }) => ({
    id,
    table: id.startsWith("turn_") ? "turn" : "fact",
    ...reason,
  }));
}
