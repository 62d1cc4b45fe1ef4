import type { Spectron } from "../client/spectron.ts";
import { canonicalJson } from "../protocol/canonical-json.ts";
import type { Breaker } from "./breaker.ts";
import { buildMemoryBlock, profileLines } from "./memory-block.ts";
import type { MemoryBlock } from "./memory-block.ts";
import type { MemoryBinding, RecallOptions } from "./types.ts";

export interface RecalledBlock extends MemoryBlock {
  ms: number;
  cached: boolean;
}

const DEFAULT_TIMEOUT_MS = 800;
const DEFAULT_MAX_TOKENS = 512;
/** Turns whose block is kept, so that steps and retries of a turn see the same bytes. */
const REMEMBERED = 500;

/** Asks for profile and context at once, inside one bound; equal questions of one turn share the answer. */
export function createRecall(options: {
  spectron: Spectron;
  breaker: Breaker;
  settings: RecallOptions;
}): {
  recall(binding: MemoryBinding, query: string, turn: string): Promise<RecalledBlock>;
} {
  const { spectron, breaker, settings } = options;
  const timeoutMs = settings.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const maxTokens = settings.maxTokens ?? DEFAULT_MAX_TOKENS;
  const cache = new Map<string, Promise<RecalledBlock>>();

  const ask = async (binding: MemoryBinding, query: string): Promise<RecalledBlock> => {
    const started = performance.now();
    const lens = [[binding.scope]];
    const bound = { timeoutMs, retries: 0 };
    const [profile, context] = await breaker.run(async () =>
      Promise.all([
        spectron.profile({ lens }, bound),
        spectron.recallContext({ query, lens, maxTokens }, bound),
      ]),
    );
    const block = buildMemoryBlock(
      {
        profile: profileLines(profile),
        recalled: context.context.split("\n").filter((line) => line.trim() !== ""),
      },
      { maxTokens, template: settings.template },
    );
    return { ...block, ms: performance.now() - started, cached: false };
  };

  return {
    async recall(binding, query, turn) {
      const key = canonicalJson([binding.scope, binding.session, turn, query]);
      const known = cache.get(key);
      if (known !== undefined) return { ...(await known), cached: true };
      const asking = ask(binding, query);
      cache.set(key, asking);
      if (cache.size > REMEMBERED) cache.delete(cache.keys().next().value ?? "");
      // a failure is not an answer: the next turn asks again, through the breaker
      asking.catch(() => cache.delete(key));
      return asking;
    },
  };
}
