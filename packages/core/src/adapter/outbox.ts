import { MemoryError } from "../client/errors.ts";
import type { Drainable } from "../client/spectron.ts";

/** One write of a thread. It takes its place in the queue at once; its key and body are fixed when its turn comes. */
export interface OutboxUnit {
  /** Writes of one thread leave in order, one at a time. */
  thread: string;
  /** Size of the content, for the bound. */
  bytes: number;
  /** Called once; every attempt of `send` uses the same key and bytes. */
  prepare: () => Promise<{ key: string; send: () => Promise<unknown> }>;
}

export interface Outbox extends Drainable {
  /** Settles with the key when the unit is stored; a key that was stored is not sent again. */
  add(unit: OutboxUnit): Promise<string>;
  /** Settles when what is queued of a thread now has left or failed. */
  settled(thread: string): Promise<void>;
}

export interface OutboxLimits {
  units?: number | undefined;
  bytes?: number | undefined;
}

/** Units and bytes that may wait at once; beyond that a new unit is refused, loudly. */
const MOST_UNITS = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** Delivered keys that are remembered, so that a replay costs no request. */
const REMEMBERED = 10_000;

export function createOutbox(limits: OutboxLimits = {}): Outbox {
  const { units: mostUnits = MOST_UNITS, bytes: mostBytes = MOST_BYTES } = limits;
  const tails = new Map<string, Promise<void>>();
  const delivered = new Set<string>();
  let units = 0;
  let bytes = 0;

  const remember = (key: string): void => {
    delivered.add(key);
    if (delivered.size > REMEMBERED) delivered.delete(delivered.values().next().value ?? "");
  };

  return {
    async add(unit) {
      if (units >= mostUnits || bytes + unit.bytes > mostBytes)
        throw new MemoryError(
          "outbox_full",
          `The outbox holds ${units} undelivered writes and takes no more. Is the memory service reachable?`,
        );
      units += 1;
      bytes += unit.bytes;
      const before = tails.get(unit.thread) ?? Promise.resolve();
      const work = before.then(async () => {
        const { key, send } = await unit.prepare();
        if (!delivered.has(key)) await send();
        remember(key);
        return key;
      });
      // the next unit of the thread goes on whatever became of this one
      const tail = work.then(
        () => undefined,
        () => undefined,
      );
      tails.set(unit.thread, tail);
      void tail.then(() => {
        units -= 1;
        bytes -= unit.bytes;
        if (tails.get(unit.thread) === tail) tails.delete(unit.thread);
      });
      return work;
    },

    async settled(thread) {
      await tails.get(thread);
    },

    async flush({ timeoutMs } = {}) {
      const drained = (async () => {
        while (tails.size > 0) await Promise.all(tails.values());
      })();
      if (timeoutMs === undefined) {
        await drained;
        return;
      }
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(
            new MemoryError(
              "timeout",
              `${units} writes were not delivered within ${timeoutMs} ms.`,
            ),
          );
        }, timeoutMs);
      });
      await Promise.race([drained, late]).finally(() => {
        clearTimeout(timer);
      });
    },
  };
}
