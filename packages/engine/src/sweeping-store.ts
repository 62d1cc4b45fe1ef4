import type { Instant } from "./model/records.ts";
import type { Retention, Store } from "./stores/store.ts";

/** Bounds of what is kept beside memory itself; memory is not touched by them. */
export interface RetentionOptions {
  /** Traces older than this many milliseconds go. @default 30 days */
  traceAge?: number | undefined;
  /** Most traces of one context. @default 100_000 */
  traceCount?: number | undefined;
  /** Shortest time between two sweeps over all processes, in milliseconds. @default 5 minutes */
  every?: number | undefined;
}

const MINUTE = 60_000;
/** Rows that one step removes, so that a sweep holds up no write for long. */
const STEP = 200;

/** The store, swept after writes: expired answers and surplus traces go in small steps, by one process at a time. */
export function createSweepingStore(
  store: Store,
  { now, ...options }: RetentionOptions & { now: () => Instant },
): Store {
  const retention: Retention = {
    traceAge: options.traceAge ?? 30 * 24 * 60 * MINUTE,
    traceCount: options.traceCount ?? 100_000,
  };
  const every = options.every ?? 5 * MINUTE;
  let swept = Number.NEGATIVE_INFINITY;
  let sweeping: Promise<void> | undefined;

  const sweepAll = async (): Promise<void> => {
    let gone = await store.write("sweep", { retention, now: now(), limit: STEP, every });
    while (gone === STEP) gone = await store.write("sweep", { retention, now: now(), limit: STEP });
  };

  const maybeSweep = (): void => {
    if (sweeping !== undefined || now() - swept < every) return;
    swept = now();
    // what a failed sweep left goes with the next one
    sweeping = sweepAll()
      .catch(() => undefined)
      .finally(() => {
        sweeping = undefined;
      });
  };

  return {
    ...store,
    write(name, input) {
      const output = store.write(name, input);
      output.then(maybeSweep, () => undefined);
      return output;
    },
    async close() {
      await sweeping;
      await store.close();
    },
  };
}
