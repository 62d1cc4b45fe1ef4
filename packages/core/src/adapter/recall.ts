import { withDeadline } from "../client/deadline.ts";
import type { Spectron } from "../client/spectron.ts";
import type { ContextHit } from "../protocol/types.ts";
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
    question: { query: string; anchor: string; earlier: Promise<void> },
  ): Promise<RecalledBlock>;
}

const DEFAULT_TIMEOUT_MS = 800;
const DEFAULT_MAX_TOKENS = 512;
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
  const cache = new Map<string, Promise<RecalledBlock>>();
  let announces: Promise<boolean> | undefined;
  /** A service that answered a context without the profile it was asked for is asked for both at once. */
  let separate = false;

  /** A service that announces nothing may ignore the lens, and its profile would mix the users of one key (contract 7.9). */
  const narrowsProfile = async (signal: AbortSignal): Promise<boolean> => {
    announces ??= spectron
      .health({ signal, retries: 0 })
      .then((health) => (health.capabilities ?? []).length > 0);
    const asked = announces;
    asked.catch(() => {
      if (announces === asked) announces = undefined;
    });
    return asked;
  };

  const ask = async (
    binding: MemoryBinding,
    query: string,
    earlier: Promise<void>,
  ): Promise<RecalledBlock> => {
    const started = performance.now();
    const lens = [[binding.scope]];
    const request = {
      query,
      lens,
      maxTokens,
      profile: true,
      ...(settings.k === undefined ? {} : { k: settings.k }),
    };
    const [profile, context] = await shared.breaker.run(async () => {
      // a slow write may not use up the time of the read: that would look like an outage
      await atMost(earlier, timeoutMs / 2);
      return withDeadline(
        async (signal) => {
          const reading = { signal, retries: 0 };
          const readProfile = async () =>
            (await narrowsProfile(signal)) ? spectron.profile({ lens }, reading) : undefined;
          const beside = separate ? readProfile() : undefined;
          beside?.catch(() => undefined);
          const found = await spectron.recallContext(request, reading);
          separate = found.profile === undefined;
          return [found.profile ?? (await (beside ?? readProfile())), found] as const;
        },
        {
          call: "Recall",
          timeoutMs: Math.max(1, timeoutMs - (performance.now() - started)),
        },
      );
    });
    const block = buildMemoryBlock(
      {
        profile: profile === undefined ? [] : profileLines(profile),
        recalled: context.context.split("\n").filter((line) => line.trim() !== ""),
      },
      { maxTokens, template: settings.template },
    );
    const { hits, traceId } = context;
    return {
      ...block,
      ms: performance.now() - started,
      cached: false,
      ...(hits === undefined ? {} : { hits: hits.map(toRecalledHit) }),
      ...(traceId === undefined ? {} : { traceId }),
    };
  };

  return {
    async recall(binding, { query, anchor, earlier }) {
      const { forgotten } = shared;
      const key = canonicalJson([binding.scope, binding.session, anchor, query, forgotten]);
      const known = cache.get(key);
      if (known !== undefined) return { ...(await known), cached: true };
      const asking = withSpan(tracer, "spectron.recall", {}, async (span) => {
        const found = await ask(binding, query, earlier);
        span?.setAttribute("spectron.entries", found.entries);
        span?.setAttribute("spectron.tokens", found.tokens);
        return found;
      });
      cache.set(key, asking);
      if (cache.size > REMEMBERED) cache.delete(cache.keys().next().value ?? "");
      // a failure is not an answer: the next turn asks again, through the breaker
      asking.catch(() => cache.delete(key));
      return asking;
    },
  };
}

function toRecalledHit(hit: ContextHit): RecalledHit {
  const turns = (hit.sources ?? []).flatMap(({ ref }) =>
    ref?.startsWith("turn:") === true ? [ref.slice("turn:".length)] : [],
  );
  return { id: hit.id, score: hit.score, turns };
}

async function atMost(work: Promise<void>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
