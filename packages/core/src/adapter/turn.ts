import { withDeadline } from "../client/deadline.ts";
import type { MemoryError } from "../client/errors.ts";
import { requireBinding } from "./binding.ts";
import { stripMemoryBlocks } from "./fence.ts";
import type { Outbox, Ticket } from "./outbox.ts";
import type { Recaller } from "./recall.ts";
import type {
  MemoryBinding,
  MemoryOptions,
  MemoryTurn,
  MessageSource,
  Receipt,
  TurnInput,
  TurnMessage,
} from "./types.ts";
import { threadOf } from "./write-unit.ts";

/** What a turn needs of the adapter's memory. */
export interface TurnParts {
  options: MemoryOptions;
  recaller: Recaller;
  outbox: Outbox;
  store: (
    binding: MemoryBinding,
    source: MessageSource,
    onFailure: (error: MemoryError, kept: boolean) => void,
    start: Promise<unknown>,
  ) => Ticket;
  report: (error: unknown, operation: "recall" | "store" | "bind", kept?: boolean) => MemoryError;
  /** The binding, or why there is none; reported once for each reason. */
  bind: (requested: MemoryBinding) => { binding?: MemoryBinding; error?: MemoryError };
}

/** Ends what an aborted answer said, so that nobody takes it for the whole. */
const STOPPED = "[stopped before the end]";

/** Takes over the inputs, asks memory, and later takes over the answer. */
export function beginTurn(
  parts: TurnParts,
  requested: MemoryBinding,
  input: TurnInput,
): MemoryTurn {
  const { options, recaller, outbox, report } = parts;
  const throws = options.failureMode === "throw";
  const { binding, error: bindError } = parts.bind(requested);
  const stores = input.store !== false && options.store !== "never";
  const began = performance.now();
  const receipt: Receipt = {
    scope: binding?.scope ?? "",
    session: binding?.session ?? "",
    recalled: { asked: false, entries: 0, tokens: 0, ms: 0, cached: false, failed: false },
    stored: { keys: [], turnIds: [], failed: 0, kept: 0, failures: [], ms: 0 },
  };
  const work: Promise<void>[] = [];
  let isReported = false;

  const take = async (source: MessageSource): Promise<void> => {
    if (binding === undefined || !stores || (source.length === 0 && typeof source !== "function"))
      return;
    const { stored } = receipt;
    let isKept = false;
    const onFailure = (error: MemoryError, kept: boolean): void => {
      isKept = kept;
      report(error, "store", kept);
    };
    // what somebody waits for goes first: the read in front of the model, and the answer behind it
    const start = new Promise((resolve) => setTimeout(resolve));
    const { first } = parts.store(binding, source, onFailure, start);
    const storing = first
      .then(
        (unit) => {
          if (unit === undefined) return;
          stored.keys.push(unit.key);
          stored.turnIds.push(...unit.turnIds);
        },
        (error: MemoryError) => {
          stored.failed += 1;
          if (isKept) stored.kept += 1;
          stored.failures.push(error.code);
          throw error;
        },
      )
      .finally(() => {
        stored.ms = performance.now() - began;
      });
    work.push(storing.catch(() => undefined));
    if (throws) await storing;
  };

  const recall = async (): Promise<string> => {
    if (bindError !== undefined && throws) throw bindError;
    const query = stripMemoryBlocks(input.query ?? "").trim();
    if (binding === undefined || options.recall === false || input.recall === false || query === "")
      return "";
    const { recalled } = receipt;
    recalled.asked = true;
    const asked = performance.now();
    try {
      // the answer may be shared with other calls, so an abort ends this wait and not the request
      const { text, ...found } = await withDeadline(
        async () => recaller.recall(binding, { query, anchor: input.queryAnchor ?? "", earlier }),
        { call: "Recall", signal: input.signal },
      );
      Object.assign(recalled, found);
      return text;
    } catch (error) {
      recalled.failed = true;
      recalled.ms = performance.now() - asked;
      // whoever aborted the call knows; it is no failure of memory
      if (input.signal?.aborted === true && !throws) return "";
      const typed = report(error, "recall");
      recalled.failure = typed.code;
      if (throws) throw typed;
      return "";
    }
  };

  // an answer should know what was said before it, not wait for its own question
  const earlier = binding === undefined ? undefined : outbox.settled(threadOf(binding));
  // somebody waits for the read, so it leaves first
  const block = recall();
  block.catch(() => undefined);
  const inputs = take(input.inputs);
  inputs.catch(() => undefined);
  const settle = async (): Promise<void> => {
    let seen = 0;
    // finish may add work while this waits; every waiter sees all of it
    while (seen < work.length) await work[seen++];
  };
  const end = async (): Promise<void> => {
    await block.catch(() => undefined);
    await settle();
    if (isReported) return;
    isReported = true;
    options.onReceipt?.(receipt);
  };
  return {
    block,
    async finish(outputs) {
      if (throws) await inputs;
      await take(outputs);
      void end().catch(() => undefined);
    },
    abort(partial) {
      if (partial !== undefined && options.storeIncomplete === true)
        take(stopped(partial)).catch(() => undefined);
      void end().catch(() => undefined);
    },
    delivered: settle,
  };
}

/** Most wrong bindings that are remembered as reported. */
const REMEMBERED = 1000;

/** Reads a binding; what is wrong with it is reported once for each scope. */
export function createBind(report: TurnParts["report"], throws: boolean): TurnParts["bind"] {
  const reported = new Set<string>();
  return (requested) => {
    try {
      return { binding: requireBinding(requested) };
    } catch (error) {
      const typed = error as MemoryError;
      const which = requested.scope + typed.message;
      if (throws || !reported.has(which)) report(typed, "bind");
      if (reported.size > REMEMBERED) reported.clear();
      reported.add(which);
      return { error: typed };
    }
  };
}

/** The parts of an answer that came, marked; a message without words is no answer. */
function stopped(partial: MessageSource): MessageSource {
  const mark = (messages: readonly TurnMessage[]): TurnMessage[] =>
    messages
      .filter((message) => message.text.trim() !== "")
      .map((message) => ({ ...message, text: `${message.text}\n${STOPPED}`, isIncomplete: true }));
  return typeof partial === "function" ? async () => mark(await partial()) : mark(partial);
}
