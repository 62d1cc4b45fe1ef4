import { MemoryError } from "@spectron/core";
import type { Spectron } from "@spectron/core";
import { reportFailure } from "@spectron/core/adapter";
import { createTranscript, transcriptBreaker } from "@spectron/core/transcript";
import type { Transcript, TranscriptEntry, TranscriptHistory } from "@spectron/core/transcript";
import type {
  AgentInputItem,
  RunContext,
  RunContextAwareSession,
  SessionHistoryRewriteAwareSession,
  SessionHistoryTransactionAwareSession,
} from "@openai/agents";
import { createConversationQueue, isTemporary, repeatableAppend } from "./conversation-queue.ts";
import type { ConversationQueue, Write } from "./conversation-queue.ts";
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

type History = TranscriptHistory<AgentInputItem>;

interface Conversation {
  transcript: Transcript<AgentInputItem>;
  queue: ConversationQueue;
}

/** Conversations with writes under way or kept; every session object of the conversation goes through these. */
const busyBy: WeakMap<Spectron, Map<string, Conversation>> = /* @__PURE__ */ new WeakMap();

/** A conversation is worth more of a wait than what memory adds to it. */
const DEFAULT_TIMEOUT_MS = 2000;

export function createStoredSession(options: MemorySessionOptions): MemorySession {
  const { spectron } = options;
  const includeTools = options.tools?.include ?? [];
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const breaker = transcriptBreaker(options);
  const conversations = new Map<string, Conversation>();
  const busy = busyBy.get(spectron) ?? new Map<string, Conversation>();
  busyBy.set(spectron, busy);

  const conversationOf = (context: RunContext | undefined): Conversation => {
    const only = [...conversations.values()];
    // some calls of the SDK and of applications come without a context
    if (context === undefined && typeof options.scope === "function" && only.length === 1)
      return only[0] as Conversation;
    const scope = fromContext(options.scope, context?.context);
    const name = JSON.stringify([scope, options.session]);
    const known = busy.get(name) ?? conversations.get(scope);
    if (known !== undefined) return known;
    const transcript = createTranscript<AgentInputItem>({
      spectron,
      adapter: "openai-agents",
      binding: { scope, session: options.session },
      sessions: options.sessions,
    });
    const onBusy = (isBusy: boolean): void => {
      if (isBusy) busy.set(name, made);
      else if (busy.get(name) === made) busy.delete(name);
    };
    const queue = createConversationQueue({ spectron, onLost: report, onBusy });
    const made: Conversation = { transcript, queue };
    conversations.set(scope, made);
    return made;
  };

  const report = (error: unknown, kept?: boolean): void => {
    reportFailure(options, error, { operation: "transcript", kept });
  };

  /**
   * A run goes on without its history rather than not at all; an application's own call is told. While the service is
   * known to hang nothing is asked, and a write is kept by `keep`.
   */
  const inRun = async <Value>(
    context: RunContext | undefined,
    work: () => Promise<Value>,
    { otherwise, keep }: { otherwise: Value; keep?: () => boolean },
  ): Promise<Value> => {
    if (context === undefined || options.failureMode === "throw") return work();
    let isAsked = false;
    let isOver = false;
    const ask = async (): Promise<Value> => {
      isAsked = true;
      const working = work();
      options.waitUntil?.(working.catch(() => undefined));
      working.catch((error: unknown) => {
        if (isOver) report(error, keep && isTemporary(error));
      });
      return working;
    };
    try {
      return await breaker.run(ask, timeoutMs);
    } catch (error) {
      isOver = true;
      // what no retry and no waiting can mend is the application's to know at once
      if (MemoryError.isInstance(error) && LASTING.has(error.code)) throw error;
      report(error, isAsked ? keep && isTemporary(error) : keep?.());
      return otherwise;
    }
  };

  const remembers = (context: RunContext | undefined): boolean =>
    options.store !== "never" &&
    (context === undefined || runMemory(spectron, context).silent !== true);

  /** Input and answer are two units, so that an answer made anew does not repeat the input. */
  const writeOf = (
    transcript: Transcript<AgentInputItem>,
    items: readonly AgentInputItem[],
    context: RunContext | undefined,
  ): Write => {
    const settings = { includeTools, remember: remembers(context) };
    const answer = items.findIndex((item) => !isUserMessage(item));
    const split = answer === -1 ? items.length : answer;
    let whole = false;
    let isInputStored = false;
    const part = (decide: (history: History) => Promise<readonly AgentInputItem[]>): Write =>
      repeatableAppend(transcript, async (history) => ({
        items: await decide(history),
        toEntries: async (rest) => toEntries(rest, history, settings),
      }));
    const input = part(async (history) => {
      // what follows a clear may be the old conversation put back, which shows in the whole of it
      whole ||= (await history.cleared()) !== undefined;
      return whole ? items : items.slice(0, split);
    });
    const output = part(async () => items.slice(split));
    return async () => {
      if (!isInputStored) await input();
      isInputStored = true;
      if (!whole) await output();
    };
  };

  return {
    acceptsRunContext: true,

    getSessionId: async () => options.session,

    async getItems(limit, context) {
      const read = async (): Promise<AgentInputItem[]> => {
        const { transcript, queue } = conversationOf(context);
        return (await queue.read(async () => transcript.read({ limit }))).map(fromJson);
      };
      const items = await inRun(context, read, { otherwise: [] });
      // a run that is resumed elsewhere brings no new input, so its last question is in here
      if (context !== undefined) runMemory(spectron, context).query ??= lastUserText(items);
      return items;
    },

    async addItems(items, context) {
      if (items.length === 0) return;
      const copies = items.map(toJson);
      const mayKeep = context !== undefined && options.failureMode !== "throw";
      const add = async (): Promise<void> => {
        const { transcript, queue } = conversationOf(context);
        await queue.write(writeOf(transcript, copies, context), { keep: mayKeep });
      };
      const keep = (): boolean => {
        const { transcript, queue } = conversationOf(context);
        return queue.keep(writeOf(transcript, copies, context));
      };
      await inRun(context, add, { otherwise: undefined, keep });
    },

    async popItem(context) {
      const { transcript, queue } = conversationOf(context);
      const item = await queue.change(async () => transcript.pop());
      return item === undefined ? undefined : fromJson(item);
    },

    async clearSession(context) {
      const { transcript, queue } = conversationOf(context);
      await queue.change(async () => transcript.clear());
    },

    async replaceHistoryWithCompaction(items, context) {
      const copies = items.map(toJson);
      const { transcript, queue } = conversationOf(context);
      await queue.change(async () => transcript.rewrite(() => copies));
    },

    async applyHistoryMutations({ mutations }) {
      const copies = mutations.map((mutation) => ({
        ...mutation,
        replacement: toJson(mutation.replacement),
      }));
      if (copies.length === 0) return;
      const { transcript, queue } = conversationOf(undefined);
      const mutate = (items: AgentInputItem[]): AgentInputItem[] => {
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
      };
      await queue.change(async () => transcript.rewrite(mutate));
    },

    async applyHistoryTransaction({ operationId, transaction }, context?: RunContext) {
      if (typeof operationId !== "string" || operationId.trim() === "")
        throw new MemoryError("validation", "A history transaction needs an operationId.");
      const { transcript, queue } = conversationOf(context);
      const remember = remembers(context);
      if (transaction.type === "append_items") {
        const items = transaction.items.map(toJson);
        await queue.change(async () =>
          transcript.append(
            async (history) => toEntries(items, history, { includeTools, remember }),
            { operationId },
          ),
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
      await queue.change(async () => transcript.replaceSuffix(expected, entries, { operationId }));
    },
  };
}

/** Faults of the setup. */
const LASTING: ReadonlySet<string> = new Set(["configuration", "unsupported"]);
