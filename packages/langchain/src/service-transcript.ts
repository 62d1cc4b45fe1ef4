import { MemoryError } from "@spectron/core";
import type { MemoryErrorCode } from "@spectron/core";
import { createTranscript } from "@spectron/core/transcript";
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

/** Failures after which the same messages may still get through. */
const PASSING: ReadonlySet<MemoryErrorCode> = new Set([
  "connection",
  "timeout",
  "rate_limited",
  "server",
  "conflict",
] as const);
/** Messages that may wait for a service that is down; beyond that new ones are refused, loudly. */
const MOST_WAITING = 1_000;

/** Messages kept in the service; what could not be stored waits for the next call. */
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
  let waiting: Entry[] = [];
  let mayBeStored = false;
  let tail: Promise<void> = Promise.resolve();

  const deliver = async (): Promise<void> => {
    const entries = [...waiting];
    if (entries.length === 0) return;
    try {
      await transcript().append(
        mayBeStored ? async (history) => missing(entries, history) : entries,
      );
      mayBeStored = false;
    } catch (error) {
      if (MemoryError.isInstance(error) && PASSING.has(error.code)) {
        mayBeStored = true;
        throw error;
      }
      waiting = waiting.slice(entries.length);
      throw error;
    }
    waiting = waiting.slice(entries.length);
  };
  const inOrder = async (): Promise<void> => {
    const work = tail.then(deliver);
    tail = work.catch(() => undefined);
    await work;
  };

  const entryOf = (message: BaseMessage): Entry => {
    // what a provider's own tool answered has no turn of its own; it stays in the message
    const said = mapMessages([message], includeTools).find(({ part }) => part === "")?.said;
    return { item: message.toDict(), message: said, remember };
  };

  return {
    async getMessages() {
      await inOrder();
      return mapStoredMessagesToChatMessages(await transcript().read());
    },
    async addMessages(messages) {
      if (waiting.length + messages.length > MOST_WAITING)
        throw new MemoryError(
          "outbox_full",
          `The history holds ${waiting.length} messages that were not delivered and takes no more. Is the memory service reachable?`,
        );
      waiting.push(...messages.map(entryOf));
      await inOrder();
    },
    async clear() {
      await tail;
      waiting = [];
      await transcript().clear();
    },
  };
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
