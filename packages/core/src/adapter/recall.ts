import { withDeadline } from "../client/deadline.ts";
import { createMemo } from "../client/memo.ts";
import type { Spectron } from "../client/spectron.ts";
import type { ContextHit, ProfileResponse } from "../protocol/types.ts";
import { canonicalJson } from "../protocol/canonical-json.ts";
import { buildMemoryBlock, profileLines } from "./memory-block.ts";
import type { MemoryBlock } from "./memory-block.ts";
import type { Shared } from "./shared.ts";
import { withSpan } from "./telemetry.ts";
import type { MemoryTracer } from "./telemetry.ts";
import type { MemoryBinding, RecallOptions, RecalledHit } from "./types.ts";

export interface RecalledBlock extends MemoryBlock {
  ms: number;
  cached: boolean;
  hits?: readonly RecalledHit[] | undefined;
  traceId?: string | undefined;
}

export interface Recaller {
  /** `earlier`: writes of the conversation that the answer should know; waited for inside the same bound. */
  recall(
    binding: MemoryBinding,
    question: { query: string; anchor: string; earlier: Promise<void> | undefined },
  ): Promise<RecalledBlock>;
}

const DEFAULT_TIMEOUT_MS = 800;
const DEFAULT_MAX_TOKENS = 512;
/** A service that answers later than anybody waits for is heard so long, since it closes the breaker. */
const READING = { retries: 0, timeoutMs: 10_000 };
/** Turns whose block is kept, so that steps and retries of a turn see the same bytes. */
const REMEMBERED = 500;

/** Asks for profile and context in one request, inside one bound; equal questions of one turn share the answer. */
export function createRecall(options: {
  spectron: Spectron;
  shared: Shared;
  settings: RecallOptions;
  tracer?: MemoryTracer | undefined;
}): Recaller {
  const { spectron, shared, settings, tracer } = options;
  const timeoutMs = settings.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const maxTokens = settings.maxTokens ?? DEFAULT_MAX_TOKENS;
  const remembered = createMemo<Omit<RecalledBlock, "cached">>(REMEMBERED);
  /** A service that answered a context without the profile it was asked for is asked for both at once. */
  let separate = false;

  const ask = async (
    binding: MemoryBinding,
    query: string,
    earlier: Promise<void> | undefined,
  ): Promise<Omit<RecalledBlock, "cached">> => {
    const started = performance.now();
    const lens = [[binding.scope]];
    // a service that announces nothing may ignore the lens, and its profile would mix the users of one key (contract 7.9)
    const readProfile = async (): Promise<ProfileResponse | undefined> =>
      (await spectron.capabilities()).size > 0 ? spectron.profile({ lens }, READING) : undefined;
    const [profile, context] = await shared.breaker.run(async () => {
      // a slow write may not use up the time of the read: that would look like an outage
      if (earlier !== undefined)
        await withDeadline(async () => earlier, { call: "", timeoutMs: timeoutMs / 2 }).catch(
          () => undefined,
        );
      const beside = separate ? readProfile() : undefined;
      beside?.catch(() => undefined);
      const found = await spectron.recallContext(
        { query, lens, maxTokens, profile: true, k: settings.k },
        READING,
      );
      separate = found.profile === undefined;
      return [found.profile ?? (await (beside ?? readProfile())), found] as const;
    }, timeoutMs);
    const block = buildMemoryBlock(
      {
        profile: profile === undefined ? [] : profileLines(profile),
        recalled: context.context.split("\n").filter((line) => line.trim() !== ""),
      },
      { maxTokens, template: settings.template },
    );
    return {
      ...block,
      ms: performance.now() - started,
      hits: context.hits?.map(toRecalledHit),
      traceId: context.traceId,
    };
  };

  return {
    async recall(binding, { query, anchor, earlier }) {
      const { forgotten } = shared;
      const key = canonicalJson([binding.scope, binding.session, anchor, query, forgotten]);
      let cached = true;
      const found = await remembered(key, async () => {
        cached = false;
        return withSpan(tracer, "spectron.recall", async (span) => {
          const block = await ask(binding, query, earlier);
          span?.setAttribute("spectron.entries", block.entries);
          span?.setAttribute("spectron.tokens", block.tokens);
          return block;
        });
      });
      return { ...found, cached };
    },
  };
}

function toRecalledHit(hit: ContextHit): RecalledHit {
  const turns = (hit.sources ?? []).flatMap(({ ref }) =>
    ref?.startsWith("turn:") === true ? [ref.slice("turn:".length)] : [],
  );
  return { id: hit.id, score: hit.score, turns };
}
