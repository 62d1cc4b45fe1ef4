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
  const read = async <Answer>(route: string, request: object, options: object): Promise<Answer> =>
    post(route, [], request, { ...options, repeatable: true });
  return {
    query: async (request, options) => {
      const answer = await read<QueryResponse>("query", request, { ...options, field: "hits" });
      const { tier, trace } = answer;
      const resolutionTier = tierName(trace?.resolutionTier);
      return { ...answer, tier: tierName(tier), trace: { ...trace, resolutionTier } };
    },
    recallContext: async (request, options) => {
      const answer = await read<ContextResponse>("context", request, {
        ...options,
        field: "context",
      });
      return { ...answer, tier: tierName(answer.tier) };
    },
  };
}

/** Newer services call the last tier `escalated`; here it keeps its older name. */
export function tierName<Tier extends string | undefined>(tier: Tier): Tier {
  return (tier === "escalated" ? "full_context" : tier) as Tier;
}
