import { MemoryError, toMemoryError } from "../client/errors.ts";
import type { ApiError } from "../client/errors.ts";
import { createMemo } from "../client/memo.ts";
import { retryDelay } from "../client/retry.ts";
import type { Drainable } from "../client/spectron.ts";
import { beforeExit } from "./exit-hook.ts";
import type { OutboxOptions, OutboxRecord, OutboxSpill } from "./outbox-options.ts";
import type { StoredUnit } from "./types.ts";

/** Makes one attempt; answers with the ids of the stored turns. */
export type Deliver = (
  record: OutboxRecord,
  attempt: {
    /** From 1. */
    number: number;
    /** Fixes the body before it is sent for the first time. */
    fix: (body: string) => Promise<void>;
  },
) => Promise<readonly string[]>;

export type OnFailure = (error: MemoryError, kept: boolean) => void;

/** One write of a thread. It takes its place in the queue at once. */
export interface OutboxUnit {
  /** Writes of one thread leave in order, one at a time. */
  thread: string;
  /** Size of the content, for the bound. */
  bytes: number;
  /** True when `make` is called at once; false when it depends on what is stored before, and waits for its turn. */
  early: boolean;
  /** Key and content; undefined when there is nothing to store. */
  make: (id: string) => Promise<OutboxRecord | undefined>;
  deliver: Deliver;
  /** Told once when the unit failed and is kept, and once when it is given up. */
  onFailure: OnFailure;
}

/** What becomes of a unit; undefined when it held nothing to store. */
export interface Ticket {
  /** Settles with the first outcome, which may be a failure that is tried again. */
  first: Promise<StoredUnit | undefined>;
  /** Settles when the unit is stored, refused or given up. */
  final: Promise<StoredUnit | undefined>;
}

export interface Outbox extends Drainable {
  add(unit: OutboxUnit): Ticket;
  /** Keeps units in a spill from now on, and delivers what earlier processes left there first. */
  attach(
    spill: OutboxSpill,
    recovered: { service: string; deliver: Deliver; onFailure: OnFailure },
  ): void;
  /** Settles when what is queued of a thread now has left, or the thread is held up by a failure; nothing is queued: undefined. */
  settled(thread: string): Promise<void> | undefined;
}

interface Entry {
  id: string;
  at: number;
  bytes: number;
  record: () => Promise<OutboxRecord | undefined>;
  deliver: Deliver;
  onFailure: OnFailure;
  isOnDisk: boolean;
  /** Its failure was reported; later ones of the same outage are not. */
  isTold: boolean;
  first: PromiseWithResolvers<StoredUnit | undefined>;
  final: PromiseWithResolvers<StoredUnit | undefined>;
}

/** The queue of one thread. */
interface Lane {
  entries: Entry[];
  isStarted: boolean;
  /** Why the first entry waits for another attempt. */
  failure: MemoryError | undefined;
  /** Number of the newest flush when the last failed attempt began. */
  failedIn: number;
}

const MOST_UNITS = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;
const RETRY_FOR_MS = 300_000;
/** Pause after the first failed attempt; doubles up to the longest, with jitter above the first. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 4000;
/** The same after a refused key, which no waiting mends. */
const FIRST_REFUSED_MS = 8000;
/** Longest pause then, and longest `Retry-After` that is followed. */
const LONGEST_MS = 60_000;
/** Delivered keys that are remembered, so that a replay costs no request. */
const REMEMBERED = 10_000;

/** Ordered delivery for each thread, one write in flight, the same key and bytes on every attempt. */
export function createOutbox(
  options: OutboxOptions & {
    now?: (() => number) | undefined;
    random?: (() => number) | undefined;
  } = {},
): Outbox {
  const { units: mostUnits = MOST_UNITS, bytes: mostBytes = MOST_BYTES } = options;
  const { retryForMs = RETRY_FOR_MS, now = Date.now, random = Math.random } = options;
  const lanes = new Map<string, Lane>();
  const delivered = createMemo<StoredUnit>(REMEMBERED);
  const pauses = new Set<() => void>();
  let changed = Promise.withResolvers<void>();
  let spill: OutboxSpill | undefined;
  let serviceName = "";
  let ready: Promise<void> | undefined;
  let units = 0;
  let bytes = 0;
  let taken = 0;
  let token: string | undefined;
  let flushes = 0;
  let isEnding = false;
  let leaveExit: (() => void) | undefined;

  const notify = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };

  const wake = (): void => {
    for (const go of pauses) go();
  };

  const pause = async (milliseconds: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    // an outage must not hold a finished process; it gets one more attempt on the way out
    (timer as { unref?: () => void }).unref?.();
    pauses.add(resolve);
    await promise;
    clearTimeout(timer);
    pauses.delete(resolve);
  };

  const tell = (entry: Entry, error: MemoryError, kept: boolean): void => {
    entry.first.reject(error);
    if (kept && entry.isTold) return;
    entry.isTold = true;
    entry.onFailure(error, kept);
  };

  /** Keeps the newest state of a unit; a spill that cannot take it does not stop the delivery. */
  const keep = async (entry: Entry, record: OutboxRecord): Promise<void> => {
    if (spill === undefined) return;
    try {
      await spill.put(record, serviceName);
      entry.isOnDisk = true;
    } catch (error) {
      entry.onFailure(toMemoryError(error), true);
    }
  };

  const letGo = async (entry: Entry): Promise<void> => {
    try {
      if (entry.isOnDisk) await spill?.remove(entry.id);
    } catch {
      // it is delivered again by the next process, under its key
    }
  };

  const send = async (entry: Entry, record: OutboxRecord, number: number): Promise<StoredUnit> => {
    const { messages: _, ...rest } = record;
    const fix = async (body: string): Promise<void> => {
      const fixed = { ...rest, body };
      entry.record = async () => fixed;
      await keep(entry, fixed);
    };
    const { key } = record;
    return delivered(key, async () => ({
      key,
      turnIds: await entry.deliver(record, { number, fix }),
    }));
  };

  /** Tries until the unit is stored, refused or given up; answers with what settles it. */
  const leave = async (lane: Lane, entry: Entry): Promise<() => void> => {
    for (let number = 1; ; number += 1) {
      const flush = flushes;
      try {
        const record = await entry.record();
        const stored = record && (await send(entry, record, number));
        await letGo(entry);
        return () => {
          entry.first.resolve(stored);
          entry.final.resolve(stored);
        };
      } catch (cause) {
        const error = toMemoryError(cause);
        const mayPass = error.retryable || isRefusedKey(error);
        const isTriedAgain =
          mayPass && !isEnding && (entry.isOnDisk || now() - entry.at < retryForMs);
        // the next process may have a good key, or a handle that is open
        const isKept =
          isTriedAgain || (entry.isOnDisk && (mayPass || error.code === "configuration"));
        tell(entry, error, isKept);
        if (!isKept) await letGo(entry);
        if (!isTriedAgain)
          return () => {
            entry.final.reject(error);
          };
        lane.failure = error;
        lane.failedIn = flush;
        for (const behind of lane.entries) tell(behind, error, true);
        notify();
        // a flush that came meanwhile wants its own attempt
        if (flush === flushes) await pause(pauseAfter(error, number, random));
      }
    }
  };

  const run = async (thread: string, lane: Lane): Promise<void> => {
    await ready;
    lane.isStarted = true;
    for (let entry = lane.entries[0]; entry !== undefined; entry = lane.entries[0]) {
      const settle = await leave(lane, entry);
      lane.failure = undefined;
      lane.entries.shift();
      units -= 1;
      bytes -= entry.bytes;
      if (lane.entries.length === 0) lanes.delete(thread);
      if (units === 0) {
        isEnding = false;
        leaveExit?.();
        leaveExit = undefined;
      }
      settle();
      notify();
    }
  };

  const makeEntry = (
    from: Pick<Entry, "id" | "bytes" | "record" | "isOnDisk">,
    { deliver, onFailure }: Pick<Entry, "deliver" | "onFailure">,
  ): Entry => {
    const first = Promise.withResolvers<StoredUnit | undefined>();
    const final = Promise.withResolvers<StoredUnit | undefined>();
    // who does not wait for it has heard of its failure
    first.promise.catch(() => undefined);
    final.promise.catch(() => undefined);
    return { ...from, at: now(), deliver, onFailure, isTold: false, first, final };
  };

  const enqueue = (thread: string, entry: Entry): void => {
    units += 1;
    bytes += entry.bytes;
    leaveExit ??= beforeExit(() => {
      isEnding = true;
      flushes += 1;
      wake();
    });
    const lane = lanes.get(thread);
    if (lane === undefined) {
      const made: Lane = { entries: [entry], isStarted: false, failure: undefined, failedIn: -1 };
      lanes.set(thread, made);
      void run(thread, made);
      return;
    }
    // what an earlier process left goes behind what is in flight and ahead of everything newer
    const newer = lane.entries.findIndex(
      ({ id }, index) => entry.isOnDisk && id > entry.id && (index > 0 || !lane.isStarted),
    );
    lane.entries.splice(newer === -1 ? lane.entries.length : newer, 0, entry);
    if (lane.failure !== undefined) tell(entry, lane.failure, true);
  };

  /** Sorts in the order of taking, and differs from the ids of other processes. */
  const nextId = (): string => {
    token ??= globalThis.crypto.randomUUID().slice(0, 8);
    taken += 1;
    return `${String(now()).padStart(15, "0")}-${String(taken).padStart(9, "0")}-${token}`;
  };

  return {
    add(unit) {
      const id = nextId();
      const made = createMemo<OutboxRecord | undefined>(1);
      const record = async (): Promise<OutboxRecord | undefined> =>
        made("", async () => {
          const fresh = await unit.make(id);
          if (fresh !== undefined) await keep(entry, fresh);
          return fresh;
        });
      const entry = makeEntry({ id, bytes: unit.bytes, record, isOnDisk: false }, unit);
      if (units >= mostUnits || bytes + unit.bytes > mostBytes) {
        const error = new MemoryError(
          "outbox_full",
          `The outbox is full, with ${units} writes. Is the service reachable?`,
        );
        tell(entry, error, false);
        entry.final.reject(error);
      } else {
        if (unit.early) record().catch(() => undefined);
        enqueue(unit.thread, entry);
      }
      return { first: entry.first.promise, final: entry.final.promise };
    },

    attach(made, { service, deliver, onFailure }) {
      if (spill === made) return;
      if (spill !== undefined)
        throw new MemoryError(
          "configuration",
          "This service has another spill. Adapters share one.",
        );
      spill = made;
      serviceName = service;
      const recover = async (): Promise<void> => {
        for (const record of await made.open(service)) {
          const size = (record.body ?? JSON.stringify(record.messages)).length;
          const kept = { id: record.id, bytes: size, record: async () => record, isOnDisk: true };
          enqueue(record.thread, makeEntry(kept, { deliver, onFailure }));
        }
      };
      ready = recover().catch((error: unknown) => {
        onFailure(toMemoryError(error), false);
      });
    },

    settled(thread) {
      const lane = lanes.get(thread);
      const last = lane?.entries.at(-1);
      if (lane === undefined || last === undefined) return undefined;
      const left = async (): Promise<void> => {
        while (lane.failure === undefined && lane.entries.includes(last)) await changed.promise;
      };
      return left();
    },

    async flush() {
      flushes += 1;
      const mine = flushes;
      wake();
      await ready;
      while ([...lanes.values()].some((lane) => lane.failedIn < mine)) await changed.promise;
    },

    undelivered: () => units,
  };
}

/** The unit is not at fault; somebody has to mend the key or its grants, so it is tried again more seldom. */
function isRefusedKey({ code }: MemoryError): boolean {
  return code === "unauthorized" || code === "forbidden";
}

function pauseAfter(error: MemoryError, number: number, random: () => number): number {
  const isRefused = isRefusedKey(error);
  const retryBaseMs = isRefused ? FIRST_REFUSED_MS : FIRST_PAUSE_MS;
  const isLong = isRefused || (error as Partial<ApiError>).retryAfterMs !== undefined;
  const wait = retryDelay(error, number, { random, retryBaseMs, maxRetryAfterMs: LONGEST_MS });
  return Math.max(retryBaseMs, Math.min(wait, isLong ? LONGEST_MS : LONGEST_PAUSE_MS));
}
