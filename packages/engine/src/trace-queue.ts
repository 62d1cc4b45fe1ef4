import type { ReadTrace } from "./commands/record-traces.ts";
import type { Store } from "./stores/store.ts";

/** Traces on their way to the store. */
export interface TraceQueue {
  add(trace: ReadTrace): void;
  /** Settles when everything that was added is stored, or could not be. */
  flush(): Promise<void>;
}

/** A trace waits this long for others, so that many reads share one transaction. */
const WAIT_MS = 100;
const MOST_WAITING = 64;

/** Keeps traces of reads without holding up their answers; one that cannot be kept must not fail what it describes. */
export function createTraceQueue(store: Pick<Store, "write">): TraceQueue {
  let waiting: ReadTrace[] = [];
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length > 0) {
      const traces = waiting;
      waiting = [];
      const written = store.write("recordTraces", { traces }).catch(() => undefined);
      last = Promise.all([last, written]).then(() => undefined);
    }
    await last;
  }

  return {
    add(trace) {
      waiting.push(trace);
      if (waiting.length >= MOST_WAITING) void flush();
      else timer ??= setTimeout(() => void flush(), WAIT_MS);
    },
    flush,
  };
}
