import { MemoryError } from "./errors.ts";

/** A timer set for longer fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Runs work under one time limit and an optional abort signal. Settles on time also when the work ignores its
 * signal, which an in-process transport may do.
 *
 * @throws MemoryError `timeout` or `aborted`.
 */
export async function withDeadline<Value>(
  work: (signal: AbortSignal) => Promise<Value>,
  options: { call: string; timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<Value> {
  const { call, timeoutMs, signal } = options;
  const controller = new AbortController();
  const aborted = (): MemoryError =>
    new MemoryError("aborted", `${call} was aborted.`, { cause: signal?.reason });
  if (signal?.aborted === true) throw aborted();
  const onAbort = (): void => {
    controller.abort(aborted());
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(
    () => {
      controller.abort(
        new MemoryError(
          "timeout",
          `${call} got no whole answer within ${Math.round(timeoutMs)} ms.`,
        ),
      );
    },
    Math.min(timeoutMs, LONGEST_TIMER),
  );
  const stopped = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => {
      reject(controller.signal.reason as MemoryError);
    });
  });
  try {
    return await Promise.race([work(controller.signal), stopped]);
  } catch (error) {
    // a transport reports our abort in its own words; ours say which of the two it was
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
