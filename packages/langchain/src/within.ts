import { MemoryError } from "@spectron/core";

/**
 * Waits for work at most so long; the work itself goes on.
 *
 * @throws MemoryError `timeout`
 */
export async function within<Value>(work: Promise<Value>, milliseconds: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new MemoryError("timeout", `Memory did not answer within ${milliseconds} ms.`));
    }, milliseconds);
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}
