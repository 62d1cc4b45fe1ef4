import { MemoryError } from "@spectron/core";
import type { Drainable, Spectron } from "@spectron/core";
import type { Transcript, TranscriptEntry, TranscriptHistory } from "@spectron/core/transcript";
import type { AgentInputItem } from "@openai/agents";

/** Stores items; called again after a failure, it goes on where it stopped and stores nothing twice. */
export type Write = () => Promise<void>;

/** What happens to one conversation, in order; writes that fail for now are kept and go first. */
export interface ConversationQueue {
  /** Rejects with the first failure; with `keep`, the write is tried again by later calls and by flush. */
  write(write: Write, options: { keep: boolean }): Promise<void>;
  /** Keeps a write without an attempt; false when no more are kept. */
  keep(write: Write): boolean;
  /** Runs when nothing is kept any more; rejects when that fails. */
  change<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Runs whether or not what is kept could be stored. */
  read<Value>(work: () => Promise<Value>): Promise<Value>;
}

type History = TranscriptHistory<AgentInputItem>;

/** Writes that one conversation keeps at most. */
const MOST_KEPT = 1000;

export function createConversationQueue(options: {
  spectron: Spectron;
  /** Told of a kept write that was refused for good. */
  onLost: (error: unknown) => void;
  /** Told when the queue begins to hold something, and when it holds nothing any more. */
  onBusy: (isBusy: boolean) => void;
}): ConversationQueue {
  const { spectron, onLost, onBusy } = options;
  const kept: Write[] = [];
  /** Writes that were taken over and are neither stored nor given up. */
  let taken = 0;
  let tail: Promise<unknown> = Promise.resolve();

  const storeKept = async (): Promise<void> => {
    for (let write = kept[0]; write !== undefined; write = kept[0]) {
      try {
        await write();
      } catch (error) {
        if (isTemporary(error)) throw error;
        onLost(error);
      }
      kept.shift();
      taken -= 1;
    }
  };
  const drainable: Drainable = {
    async flush() {
      await inOrder(storeKept).catch(() => undefined);
    },
    undelivered: () => taken,
  };
  const inOrder = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    const result = tail.then(work);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    tail = settled;
    spectron.drainables.add(drainable);
    onBusy(true);
    void settled.then(() => {
      if (tail !== settled || kept.length > 0) return;
      spectron.drainables.delete(drainable);
      onBusy(false);
    });
    return result;
  };

  return {
    async write(write, { keep }) {
      taken += 1;
      await inOrder(async () => {
        try {
          await storeKept();
          await write();
        } catch (error) {
          if (keep && isTemporary(error) && taken <= MOST_KEPT) kept.push(write);
          else taken -= 1;
          throw error;
        }
        taken -= 1;
      });
    },
    keep(write) {
      if (taken >= MOST_KEPT) return false;
      taken += 1;
      void inOrder(async () => kept.push(write));
      return true;
    },
    change: async (work) =>
      inOrder(async () => {
        await storeKept();
        return work();
      }),
    read: async (work) =>
      inOrder(async () => {
        await storeKept().catch(() => undefined);
        return work();
      }),
  };
}

/** An append that may be repeated: what a lost answer hid is found where it would stand. */
export function repeatableAppend(
  transcript: Transcript<AgentInputItem>,
  decide: (history: History) => Promise<{
    items: readonly AgentInputItem[];
    toEntries: (
      items: readonly AgentInputItem[],
    ) => Promise<readonly TranscriptEntry<AgentInputItem>[]>;
  }>,
): Write {
  let sentAfter: number | undefined;
  return async () => {
    let newest: number | undefined;
    try {
      await transcript.append(async (history) => {
        const { items, toEntries } = await decide(history);
        const stored = sentAfter === undefined ? 0 : await storedOf(items, history, sentAfter);
        const entries = stored === items.length ? [] : await toEntries(items.slice(stored));
        // after the entries, which have read the newest page already
        newest = stored > 0 ? sentAfter : await newestPosition(history);
        return entries;
      });
    } catch (error) {
      sentAfter = newest ?? sentAfter;
      throw error;
    }
  };
}

/** How many of the items stand right behind a place. */
async function storedOf(
  items: readonly AgentInputItem[],
  history: History,
  after: number,
): Promise<number> {
  const behind: string[] = [];
  for await (const { position, item } of history.newestFirst()) {
    if (position <= after) break;
    behind.unshift(JSON.stringify(item));
  }
  let count = 0;
  while (count < items.length && behind[count] === JSON.stringify(items[count])) count += 1;
  return count;
}

async function newestPosition(history: History): Promise<number> {
  for await (const { position } of history.newestFirst()) return position;
  return 0;
}

/** What another attempt may mend; somebody gives a refused key its rights back. */
export function isTemporary(error: unknown): boolean {
  return (
    MemoryError.isInstance(error) &&
    (error.retryable || error.code === "unauthorized" || error.code === "forbidden")
  );
}
