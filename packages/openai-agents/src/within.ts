import { MemoryError } from "@spectron/core";

/** Waits for work that goes on by itself. @throws MemoryError `timeout` when it takes longer. */
export async function within<Value>(
  work: Promise<Value>,
  milliseconds: number,
  what: string,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new MemoryError(
          "timeout",
          `${what} did not answer within ${milliseconds} ms; the run no longer waits for it.`,
        ),
      );
    }, milliseconds);
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}
