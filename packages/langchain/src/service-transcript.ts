import { MemoryError } from "@spectron/core";
import type { Drainable, MemoryErrorCode, Spectron } from "@spectron/core";
import { createTranscript, transcriptBreaker } from "@spectron/core/transcript";
import type { Transcript, TranscriptEntry, TranscriptHistory } from "@spectron/core/transcript";
import { mapStoredMessagesToChatMessages } from "@langchain/core/messages";
import type { BaseMessage, StoredMessage } from "@langchain/core/messages";
import { mapMessages } from "./messages.ts";
import { sortedJson } from "./sorted-json.ts";
import type {
  MessageTranscript,
  SpectronChatMessageHistoryOptions,
} from "./spectron-chat-message-history.ts";

type Entry = TranscriptEntry<StoredMessage>;

/** Failures after which the same messages may still get through; somebody gives a refused key its rights back. */
const PASSING: ReadonlySet<MemoryErrorCode> = new Set([
  "connection",
  "timeout",
  "rate_limited",
  "server",
  "conflict",
  "unauthorized",
  "forbidden",
] as const);
/** Messages that may wait for a service that is down; beyond that new ones are refused, loudly. */
const MOST_WAITING = 1_000;

/** Messages of one conversation that are on their way, or wait. */
interface Waiting extends Drainable {
  entries: Entry[];
  mayBeStored: boolean;
  tail: Promise<void>;
}

/** Conversations with waiting messages; every history object of the conversation shares them. */
const waitingBy: WeakMap<Spectron, Map<string, Waiting>> = /* @__PURE__ */ new WeakMap();

/** Messages kept in the service; what could not be stored goes first in the next call on the conversation. */
export function serviceTranscript(options: SpectronChatMessageHistoryOptions): MessageTranscript {
  const { spectron, sessions } = options;
  const includeTools = options.tools?.include ?? [];
  const remember = (options.store ?? "always") !== "never";
  let made: Transcript<StoredMessage> | undefined;
  const transcript = (): Transcript<StoredMessage> =>
    (made ??= createTranscript<StoredMessage>({
      spectron,
      adapter: "langchain",
      binding: options,
      sessions,
    }));
  const conversations = waitingBy.get(spectron) ?? new Map<string, Waiting>();
  waitingBy.set(spectron, conversations);
  const name = JSON.stringify([options.scope, options.session]);

  const deliver = async (waiting: Waiting): Promise<void> => {
    const entries = [...waiting.entries];
    if (entries.length === 0) return;
    try {
      await transcript().append(
        waiting.mayBeStored ? async (history) => missing(entries, history) : entries,
      );
      waiting.mayBeStored = false;
    } catch (error) {
      if (isPassing(error)) {
        waiting.mayBeStored = true;
        throw error;
      }
      waiting.entries = waiting.entries.slice(entries.length);
      throw error;
    }
    waiting.entries = waiting.entries.slice(entries.length);
  };
  const waitingNow = (): Waiting => {
    const known = conversations.get(name);
    if (known !== undefined) return known;
    const waiting: Waiting = {
      entries: [],
      mayBeStored: false,
      tail: Promise.resolve(),
      async flush() {
        await inOrder().catch(() => undefined);
      },
      undelivered: () => waiting.entries.length,
    };
    conversations.set(name, waiting);
    spectron.drainables.add(waiting);
    return waiting;
  };
  const letGo = (waiting: Waiting): void => {
    spectron.drainables.delete(waiting);
    if (conversations.get(name) === waiting) conversations.delete(name);
  };
  const take = (added: readonly Entry[]): Waiting => {
    const waiting = waitingNow();
    const { length } = waiting.entries;
    if (length + added.length > MOST_WAITING)
      throw new MemoryError(
        "outbox_full",
        `The history holds ${length} messages that were not delivered and takes no more. Is the memory service reachable?`,
      );
    waiting.entries.push(...added);
    return waiting;
  };
  const inOrder = async (added: readonly Entry[] = []): Promise<void> => {
    const waiting = take(added);
    const work = waiting.tail.then(async () => deliver(waiting));
    const settled = work.catch(() => undefined);
    waiting.tail = settled;
    void settled.then(() => {
      if (waiting.tail === settled && waiting.entries.length === 0) letGo(waiting);
    });
    await work;
  };

  const entryOf = (message: BaseMessage): Entry => {
    // what a provider's own tool answered has no turn of its own; it stays in the message
    const said = mapMessages([message], includeTools).find(({ part }) => part === "")?.said;
    return { item: message.toDict(), message: said, remember };
  };

  /** Asks nothing while the service is known to hang. */
  const whileAnswering = async <Value>(work: () => Promise<Value>): Promise<Value> =>
    transcriptBreaker(options).run(work, options.timeoutMs);

  return {
    async getMessages() {
      const read = async (): Promise<StoredMessage[]> => {
        await inOrder();
        return transcript().read();
      };
      return mapStoredMessagesToChatMessages(await whileAnswering(read));
    },
    async addMessages(messages) {
      const entries = messages.map(entryOf);
      let isAsked = false;
      const add = async (): Promise<void> => {
        isAsked = true;
        await inOrder(entries);
      };
      try {
        await whileAnswering(add);
      } catch (error) {
        if (!isAsked) take(entries);
        throw error;
      }
    },
    async clear() {
      const waiting = waitingNow();
      await waiting.tail;
      waiting.entries = [];
      letGo(waiting);
      await transcript().clear();
    },
  };
}

/** True for a failure after which the same messages may still get through. */
export function isPassing(error: unknown): boolean {
  return MemoryError.isInstance(error) && PASSING.has(error.code);
}

/** What a failed write did not store after all: its answer may have been lost on the way. */
async function missing(
  entries: readonly Entry[],
  history: TranscriptHistory<StoredMessage>,
): Promise<readonly Entry[]> {
  const stored: string[] = [];
  for await (const { item } of history.newestFirst()) {
    stored.unshift(sortedJson(item));
    if (stored.length === entries.length) break;
  }
  const wanted = entries.map(({ item }) => sortedJson(item));
  // a part of what waits may have been stored by an earlier attempt
  for (let count = Math.min(stored.length, wanted.length); count > 0; count -= 1) {
    const isStored = stored.slice(-count).every((text, index) => text === wanted[index]);
    if (isStored) return entries.slice(count);
  }
  return entries;
}
