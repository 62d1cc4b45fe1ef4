import { MemoryError } from "@spectron/core";
import { createTranscript } from "@spectron/core/transcript";
import type { Transcript, TranscriptEntry } from "@spectron/core/transcript";
import type {
  AgentInputItem,
  RunContext,
  RunContextAwareSession,
  SessionHistoryRewriteAwareSession,
  SessionHistoryTransactionAwareSession,
} from "@openai/agents";
import { toEntries } from "./entries.ts";
import { fromJson, toJson } from "./item-json.ts";
import { isUserMessage, lastUserText, toWords } from "./messages.ts";
import { fromContext } from "./options.ts";
import type { MemorySessionOptions } from "./options.ts";
import { runMemory } from "./run-memory.ts";

/** A session that the memory service keeps, with every optional capability of the SDK. */
export interface MemorySession extends RunContextAwareSession {
  applyHistoryMutations: SessionHistoryRewriteAwareSession["applyHistoryMutations"];
  applyHistoryTransaction: SessionHistoryTransactionAwareSession["applyHistoryTransaction"];
  replaceHistoryWithCompaction(items: AgentInputItem[], runContext?: RunContext): Promise<void>;
}

/** A conversation is worth waiting for; a service that is gone says so sooner. */
const DEFAULT_TIMEOUT_MS = 10_000;

export function createStoredSession(options: MemorySessionOptions): MemorySession {
  const { spectron } = options;
  const includeTools = options.tools?.include ?? [];
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const transcripts = new Map<string, Transcript<AgentInputItem>>();

  const transcriptOf = (context: RunContext | undefined): Transcript<AgentInputItem> => {
    const only = [...transcripts.values()];
    // some calls of the SDK and of applications come without a context
    if (context === undefined && typeof options.scope === "function" && only.length === 1)
      return only[0] as Transcript<AgentInputItem>;
    const scope = fromContext(options.scope, context?.context);
    const known = transcripts.get(scope);
    if (known !== undefined) return known;
    const made = createTranscript<AgentInputItem>({
      spectron,
      adapter: "openai-agents",
      binding: { scope, session: options.session },
      sessions: options.sessions,
    });
    transcripts.set(scope, made);
    return made;
  };

  const report = (error: unknown): void => {
    const typed = MemoryError.isInstance(error)
      ? error
      : new MemoryError("server", "The transcript failed unexpectedly.", { cause: error });
    options.onError?.(typed, { operation: "transcript" });
  };

  /** A run goes on without its history rather than not at all; an application's own call is told. */
  const inRun = async <Value>(
    context: RunContext | undefined,
    work: () => Promise<Value>,
    otherwise: Value,
  ): Promise<Value> => {
    if (context === undefined || options.failureMode === "throw") return work();
    const working = work();
    options.waitUntil?.(working.catch(() => undefined));
    let over = false;
    working.catch((error: unknown) => {
      if (over) report(error);
    });
    try {
      return await within(working, timeoutMs);
    } catch (error) {
      over = true;
      // what no retry and no waiting can mend is the application's to know at once
      if (MemoryError.isInstance(error) && LASTING.has(error.code)) throw error;
      report(error);
      return otherwise;
    }
  };

  const remembers = (context: RunContext | undefined): boolean =>
    options.store !== "never" &&
    (context === undefined || runMemory(spectron, context).silent !== true);

  /** Input and answer are two units, so that an answer made anew does not repeat the input. */
  const addItems = async (
    items: readonly AgentInputItem[],
    context: RunContext | undefined,
  ): Promise<void> => {
    const transcript = transcriptOf(context);
    const settings = { includeTools, remember: remembers(context) };
    const answer = items.findIndex((item) => !isUserMessage(item));
    const split = answer === -1 ? items.length : answer;
    let whole = false;
    const input = transcript.append(async (history) => {
      // what follows a clear may be the old conversation put back, which shows in the whole of it
      whole = (await history.cleared()) !== undefined;
      return toEntries(whole ? items : items.slice(0, split), history, settings);
    });
    // takes its place in the queue at once, and stays out when the input was lost
    const output = transcript.append(async (history) => {
      await input;
      return whole ? [] : toEntries(items.slice(split), history, settings);
    });
    await Promise.all([input, output]);
  };

  return {
    acceptsRunContext: true,

    getSessionId: async () => options.session,

    async getItems(limit, context) {
      const read = async (): Promise<AgentInputItem[]> =>
        (await transcriptOf(context).read({ limit })).map(fromJson);
      const items = await inRun(context, read, []);
      // a run that is resumed elsewhere brings no new input, so its last question is in here
      if (context !== undefined) runMemory(spectron, context).query ??= lastUserText(items);
      return items;
    },

    async addItems(items, context) {
      if (items.length === 0) return;
      const copies = items.map(toJson);
      await inRun(context, async () => addItems(copies, context), undefined);
    },

    async popItem(context) {
      const item = await transcriptOf(context).pop();
      return item === undefined ? undefined : fromJson(item);
    },

    clearSession: async (context) => transcriptOf(context).clear(),

    async replaceHistoryWithCompaction(items, context) {
      const copies = items.map(toJson);
      await transcriptOf(context).rewrite(() => copies);
    },

    async applyHistoryMutations({ mutations }) {
      const copies = mutations.map((mutation) => ({
        ...mutation,
        replacement: toJson(mutation.replacement),
      }));
      if (copies.length === 0) return;
      await transcriptOf(undefined).rewrite((items) => {
        let next = items;
        for (const { callId, replacement } of copies) {
          const isCall = (item: AgentInputItem): boolean =>
            item.type === "function_call" && item.callId === callId;
          const first = next.findIndex(isCall);
          next = next.flatMap((item, index) =>
            !isCall(item) ? [item] : index === first ? [replacement] : [],
          );
        }
        return next;
      });
    },

    async applyHistoryTransaction({ operationId, transaction }, context?: RunContext) {
      if (typeof operationId !== "string" || operationId.trim() === "")
        throw new MemoryError("validation", "A history transaction needs an operationId.");
      const transcript = transcriptOf(context);
      const remember = remembers(context);
      if (transaction.type === "append_items") {
        const items = transaction.items.map(toJson);
        await transcript.append(
          async (history) => toEntries(items, history, { includeTools, remember }),
          { operationId },
        );
        return;
      }
      if ((transaction.type as string) !== "replace_suffix")
        throw new MemoryError("validation", "This history transaction is of an unknown type.");
      const expected = transaction.expectedSuffix.map(toJson);
      const stored = new Set(expected.map((item) => JSON.stringify(item)));
      const entries = transaction.replacement.map((original): TranscriptEntry<AgentInputItem> => {
        const item = toJson(original);
        const known = stored.has(JSON.stringify(item));
        const message = toWords(item, includeTools);
        return { item, message, remember: remember && !known };
      });
      await transcript.replaceSuffix(expected, entries, { operationId });
    },
  };
}

/** Faults of the setup. */
const LASTING: ReadonlySet<string> = new Set(["configuration", "unsupported"]);

async function within<Value>(work: Promise<Value>, milliseconds: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new MemoryError(
          "timeout",
          `The transcript did not answer within ${milliseconds} ms; the run no longer waits for it.`,
        ),
      );
    }, milliseconds);
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}
