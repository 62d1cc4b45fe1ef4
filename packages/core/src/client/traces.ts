import type {
  AuditFilter,
  AuditResponse,
  TraceDetail,
  TracesResponse,
  TraceStatsResponse,
  TraceSummary,
} from "../protocol/reads.ts";
import type { ListPage } from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import { listed } from "./listed.ts";
import type { ReadOptions } from "./options.ts";
import { tierName } from "./recall.ts";

export interface Traces {
  list(page?: ListPage, options?: ReadOptions): Promise<TracesResponse>;
  get(id: string, options?: ReadOptions): Promise<TraceDetail>;
  stats(
    filter?: { windowHours?: number | undefined },
    options?: ReadOptions,
  ): Promise<TraceStatsResponse>;
}

export function createTraces({ get }: Calls): Traces {
  const named = <Trace extends TraceSummary>(trace: Trace): Trace => ({
    ...trace,
    resolutionTier: tierName(trace.resolutionTier),
  });
  return {
    list: async (page = {}, options) => {
      const answer = listed<"traces", TraceSummary>(
        await get("traces", [], page, options),
        "traces",
      );
      return { ...answer, traces: answer.traces.map(named) };
    },
    get: async (id, options) => named(await get<TraceDetail>("traces/{id}", [id], {}, options)),
    stats: async (filter = {}, options) => {
      type Newer = Omit<TraceStatsResponse, "tierCounts"> & {
        tierCounts: TraceStatsResponse["tierCounts"] & { escalated?: number };
      };
      const stats = await get<Newer>("traces/stats", [], filter, options);
      const { escalated, ...tiers } = stats.tierCounts;
      return {
        ...stats,
        tierCounts: { ...tiers, fullContext: tiers.fullContext ?? escalated ?? 0 },
      };
    },
  };
}

/** Who did what, newest first. */
export type Audit = (
  filter?: AuditFilter & ListPage,
  options?: ReadOptions,
) => Promise<AuditResponse>;

export function createAudit({ get }: Calls): Audit {
  return async (filter = {}, options) => listed(await get("audit", [], filter, options), "rows");
}
