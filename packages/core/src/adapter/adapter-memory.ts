import { withDeadline } from "../client/deadline.ts";
import { MemoryError } from "../client/errors.ts";
import type { Spectron } from "../client/spectron.ts";
import { idempotencyKey, messageUnit } from "../identity/key.ts";
import { createSessionBinder, requireBinding } from "./binding.ts";
import { createBreaker } from "./breaker.ts";
import type { Breaker } from "./breaker.ts";
import { stripMemoryBlocks } from "./memory-block.ts";
import { createOutbox } from "./outbox.ts";
import type { Outbox } from "./outbox.ts";
import { createRecall } from "./recall.ts";
import type {
  AdapterMemory,
  MemoryBinding,
  MemoryOptions,
  MemoryTurn,
  MessageSource,
  Receipt,
  TurnInput,
  TurnMessage,
} from "./types.ts";
import { contentOf, toWire, withoutMemory } from "./wire-message.ts";

export interface AdapterMemoryOptions extends MemoryOptions {
  adapter: "langchain" | "ai-sdk" | "openai-agents";
  /** Clock of the breaker, milliseconds. @default Date.now */
  now?: (() => number) | undefined;
}

/** Pause after an outage before one probe is let through. */
const BREAKER_PAUSE_MS = 30_000;
/** Above every recall timeout; recall keeps its own. */
const WAIT_BOUND_MS = 60_000;

/** Outbox and breaker belong to the handle: adapters that share it share order and outages. */
interface Shared {
  outbox: Outbox;
  breaker: Breaker;
}

const sharedBy: WeakMap<Spectron, Shared> = /* @__PURE__ */ new WeakMap();

function sharedOf(spectron: Spectron, now: () => number): Shared {
  const known = sharedBy.get(spectron);
  if (known !== undefined) return known;
  const made: Shared = {
    outbox: createOutbox(),
    breaker: createBreaker({ pauseMs: BREAKER_PAUSE_MS, now }),
  };
  spectron.drainables.add(made.outbox);
  sharedBy.set(spectron, made);
  return made;
}

/** What the three framework adapters share: recall once a turn, store inputs and outputs exactly once, never in the way. */
export function createAdapterMemory(options: AdapterMemoryOptions): AdapterMemory {
  const { spectron, adapter } = options;
  if (typeof spectron !== "object" || spectron === null)
    throw new MemoryError(
      "configuration",
      'Memory needs "spectron": pass what createSpectron() returned.',
    );
  const { outbox, breaker } = sharedOf(spectron, options.now ?? Date.now);
  const throws = options.failureMode === "throw";
  const bindSession = createSessionBinder({ spectron, adapter, sessions: options.sessions });
  const recaller = createRecall({ spectron, breaker, settings: options.recall || {} });
  const reportedBindings = new Set<string>();

  const report = (error: unknown, operation: "recall" | "store" | "bind"): MemoryError => {
    const typed = MemoryError.isInstance(error)
      ? error
      : new MemoryError("server", "Memory failed unexpectedly.", { cause: error });
    try {
      options.onError?.(typed, { operation });
    } catch {
      // a failing error handler must not become the failure
    }
    return typed;
  };

  /** Queues one unit at once; its key and body are made when its turn comes, and then stay. */
  const storeUnit = async (
    binding: MemoryBinding,
    source: MessageSource,
  ): Promise<string | undefined> => {
    const scopes = [[binding.scope]];
    const key = await outbox.add({
      thread: threadOf(binding),
      bytes: typeof source === "function" ? 0 : sizeOf(source),
      async prepare() {
        const made = typeof source === "function" ? await source() : source;
        const messages = withoutMemory(made);
        if (messages.length === 0) return { key: "", send: async () => undefined };
        const unitKey = await idempotencyKey({
          adapter,
          context: spectron.context,
          scopes,
          thread: binding.session,
          kind: "batch",
          units: await Promise.all(
            messages.map(async (message) => messageUnit(message.anchor, message)),
          ),
        });
        return {
          key: unitKey,
          async send() {
            const session = await bindSession(binding);
            const ids = (await spectron.capabilities()).has("client-message-id");
            const wire = messages.map((message) => toWire(message, { ids }));
            await spectron.facts.batch(
              { session_id: session, scopes, messages: wire },
              { idempotencyKey: unitKey },
            );
          },
        };
      },
    });
    return key === "" ? undefined : key;
  };

  const turn = (requested: MemoryBinding, input: TurnInput): MemoryTurn => {
    let binding: MemoryBinding | undefined;
    let bindError: MemoryError | undefined;
    try {
      binding = requireBinding(requested);
    } catch (error) {
      const typed = error as MemoryError;
      if (throws || !reportedBindings.has(typed.message)) bindError = report(error, "bind");
      reportedBindings.add(typed.message);
      if (throws) bindError ??= typed;
    }
    const stores = input.store !== false && (options.store ?? "always") !== "never";
    const receipt: Receipt = {
      scope: binding?.scope ?? "",
      session: binding?.session ?? "",
      recalled: { entries: 0, tokens: 0, ms: 0, cached: false, failed: false },
      stored: { keys: [], failed: 0 },
    };
    const work: Promise<void>[] = [];

    const take = async (source: MessageSource): Promise<void> => {
      if (binding === undefined || !stores || (source.length === 0 && typeof source !== "function"))
        return;
      const storing = storeUnit(binding, source).then(
        (key) => {
          if (key !== undefined) receipt.stored.keys.push(key);
        },
        (error: unknown) => {
          receipt.stored.failed += 1;
          throw report(error, "store");
        },
      );
      const settled = storing.catch(() => undefined);
      work.push(settled);
      options.waitUntil?.(settled);
      if (throws) await storing;
    };

    const recall = async (): Promise<string> => {
      if (bindError !== undefined && throws) throw bindError;
      const query = stripMemoryBlocks(input.query ?? "").trim();
      if (
        binding === undefined ||
        options.recall === false ||
        input.recall === false ||
        query === ""
      )
        return "";
      try {
        const asked = recaller.recall(binding, {
          query,
          anchor: input.queryAnchor ?? "",
          earlier,
        });
        // the answer may be shared with other calls, so an abort ends this wait and not the request
        const found = await withDeadline(async () => asked, {
          call: "Recall",
          timeoutMs: WAIT_BOUND_MS,
          signal: input.signal,
        });
        receipt.recalled = { ...found, failed: false };
        return found.text;
      } catch (error) {
        receipt.recalled.failed = true;
        // whoever aborted the call knows; it is no failure of memory
        if (input.signal?.aborted === true && !throws) return "";
        const typed = report(error, "recall");
        if (throws) throw typed;
        return "";
      }
    };

    // an answer should know what was said before it, not wait for its own question
    const earlier = binding === undefined ? Promise.resolve() : outbox.settled(threadOf(binding));
    const inputs = take(input.inputs);
    inputs.catch(() => undefined);
    const block = recall();
    block.catch(() => undefined);
    const settle = async (): Promise<void> => {
      let seen = 0;
      // finish may add work while this waits; every waiter sees all of it
      while (seen < work.length) await work[seen++];
    };
    const done = async (): Promise<void> => {
      await block.catch(() => undefined);
      await settle();
      options.onReceipt?.(receipt);
    };
    return {
      block,
      async finish(outputs) {
        if (throws) await inputs;
        await take(outputs);
        void done().catch(() => undefined);
      },
      abort() {
        void done().catch(() => undefined);
      },
      delivered: settle,
    };
  };

  return {
    turn,
    sessionId: async (binding) => bindSession(requireBinding(binding)),
  };
}

function threadOf(binding: MemoryBinding): string {
  return `${binding.scope}\n${binding.session}`;
}

function sizeOf(messages: readonly TurnMessage[]): number {
  return messages.reduce((sum, message) => sum + contentOf(message).length, 0);
}
