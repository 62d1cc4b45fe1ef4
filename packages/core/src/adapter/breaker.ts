import { withDeadline } from "../client/deadline.ts";
import { MemoryError } from "../client/errors.ts";

/** Keeps a dead service from costing every call a wait: closed, open for a pause, then one probe. */
export interface Breaker {
  /** Waits so long for the answer. @throws MemoryError `connection`, at once, while open; `timeout`. */
  run<Value>(work: () => Promise<Value>, timeoutMs?: number): Promise<Value>;
}

/** A refused request says that the service lives; only silence and faults open a breaker. */
const OUTAGE = ["timeout", "connection", "server"];
/** Pause after an outage before one probe is let through. */
const PAUSE_MS = 30_000;

export function createBreaker(options: {
  now: () => number;
  /** Failures that open it. */
  codes?: readonly string[] | undefined;
}): Breaker {
  const { now: clock, codes = OUTAGE } = options;
  let openUntil = 0;
  let probing = false;
  return {
    async run(work, timeoutMs) {
      const now = clock();
      if (openUntil > 0 && (now < openUntil || probing))
        throw new MemoryError(
          "connection",
          "Memory failed a moment ago and is not asked again yet.",
        );
      probing = openUntil > 0;
      const answer = work();
      // one that comes too late for its question still says that the service lives, as at a cold start
      answer.then(
        () => {
          openUntil = 0;
        },
        () => undefined,
      );
      try {
        return await withDeadline(async () => answer, { call: "Memory", timeoutMs });
      } catch (error) {
        if (codes.includes((error as MemoryError).code)) openUntil = clock() + PAUSE_MS;
        throw error;
      } finally {
        probing = false;
      }
    },
  };
}
