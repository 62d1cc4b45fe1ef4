import { withDeadline } from "../client/deadline.ts";
import { MemoryError } from "../client/errors.ts";

/** Keeps a dead service from costing every call a wait: closed, open for a pause, then one probe. */
export interface Breaker {
  /** Waits so long for the answer. @throws MemoryError `connection`, at once, while open; `timeout`. */
  run<Value>(work: () => Promise<Value>, timeoutMs?: number): Promise<Value>;
}

export function createBreaker(options: { pauseMs: number; now: () => number }): Breaker {
  let openUntil = 0;
  let probing = false;
  return {
    async run(work, timeoutMs) {
      const now = options.now();
      if (openUntil > 0 && (now < openUntil || probing))
        throw new MemoryError(
          "connection",
          "The memory service failed a moment ago and is not asked again yet.",
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
        return await withDeadline(async () => answer, { call: "Recall", timeoutMs });
      } catch (error) {
        if (isOutage(error)) openUntil = options.now() + options.pauseMs;
        throw error;
      } finally {
        probing = false;
      }
    },
  };
}

/** A refused request says the service lives; only silence and faults open the breaker. */
function isOutage(error: unknown): boolean {
  return MemoryError.isInstance(error) && ["connection", "timeout", "server"].includes(error.code);
}
