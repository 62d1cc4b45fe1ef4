import { MemoryError } from "./errors.ts";

/** A timer set for longer fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Runs work under a time limit and an abort signal, as far as given. Settles on time also when the work ignores its
 * signal, which an in-process transport may do; not begun when the caller aborted before.
 *
 * @throws MemoryError `timeout` or `aborted`, whatever words the transport has for our abort.
 */
export async function withDeadline<Value>(
  work: (signal: AbortSignal) => Promise<Value>,
  options: { call: string; timeoutMs?: number | undefined; signal?: AbortSignal | undefined },
): Promise<Value> {
  const { call, timeoutMs = Infinity, signal } = options;
  const controller = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const stop = (error: MemoryError): void => {
    reject(error);
    controller.abort(error);
  };
  const onAbort = (): void => {
    stop(new MemoryError("aborted", `${call} was aborted.`, { cause: signal?.reason }));
  };
  if (signal?.aborted === true) {
    onAbort();
    return promise;
  }
  signal?.addEventListener("abort", onAbort);
  const late = (): void => {
    stop(
      new MemoryError("timeout", `${call} got no whole answer within ${Math.round(timeoutMs)} ms.`),
    );
  };
  const timer = timeoutMs < Infinity ? setTimeout(late, Math.min(timeoutMs, LONGEST_TIMER)) : 0;
  work(controller.signal).then(resolve, reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
