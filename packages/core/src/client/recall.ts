import type {
  ContextRequest,
  ContextResponse,
  QueryRequest,
  QueryResponse,
} from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import type { ReadOptions } from "./options.ts";

export interface Recall {
  /** Ranked hits for a question. */
  query(request: QueryRequest, options?: ReadOptions): Promise<QueryResponse>;
  /** The same recall as one text for a prompt. */
  recallContext(request: ContextRequest, options?: ReadOptions): Promise<ContextResponse>;
}

export function createRecall({ post }: Calls): Recall {
  return {
    query: async (request, options) => {
      const more = { ...options, repeatable: true, field: "hits" };
      const answer = await post<QueryResponse>("query", [], request, more);
      const { tier, trace } = answer;
      const resolutionTier = tierName(trace?.resolutionTier);
      return { ...answer, tier: tierName(tier), trace: { ...trace, resolutionTier } };
    },
    recallContext: async (request, options) => {
      const more = { ...options, repeatable: true, field: "context" };
      const answer = await post<ContextResponse>("context", [], request, more);
      return { ...answer, tier: tierName(answer.tier) };
    },
  };
}

/** Newer services call the last tier `escalated`; here it keeps its older name. */
export function tierName<Tier extends string | undefined>(tier: Tier): Tier {
  return (tier === "escalated" ? "full_context" : tier) as Tier;
}
