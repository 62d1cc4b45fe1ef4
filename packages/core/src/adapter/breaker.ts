import { withDeadline } from "../client/deadline.ts";
import { MemoryError } from "../client/errors.ts";

/** Keeps a dead service from costing every call a wait: closed, open for a pause, then one probe. */
export interface Breaker {
  /**
   * Waits so long for the answer. `waits` says that only waiting is worth a pause: what fails at once is asked again.
   *
   * @throws MemoryError `connection`, at once, while open; `timeout`.
   */
  run<Value>(
    work: () => Promise<Value>,
    timeoutMs?: number,
    options?: { waits?: boolean },
  ): Promise<Value>;
}

export function createBreaker(options: { pauseMs: number; now: () => number }): Breaker {
  let openUntil = 0;
  let probing = false;
  let isSilent = false;
  return {
    async run(work, timeoutMs, { waits } = {}) {
      const now = options.now();
      if (openUntil > 0 && (isSilent || !waits) && (now < openUntil || probing))
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
        const { code } = error as MemoryError;
        if (code === "timeout" || (!waits && ["connection", "server"].includes(code))) {
          openUntil = options.now() + options.pauseMs;
          isSilent = code === "timeout";
        }
        throw error;
      } finally {
        probing = false;
      }
    },
  };
}
