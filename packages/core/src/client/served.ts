import type { Calls } from "./calls.ts";
import { MemoryError } from "./errors.ts";

/** The same calls; where the service has no such routes at all, they fail as `unsupported` and not as `not_found`. */
export function whereServed({ get, post, remove }: Calls, list: string): Calls {
  const isMissing = (error: unknown): boolean =>
    MemoryError.isInstance(error) && error.code === "not_found";
  const told = async <Value>(work: Promise<Value>): Promise<Value> => {
    try {
      return await work;
    } catch (error) {
      // a row that is not there, or no rows anywhere
      const isServed = !isMissing(error) || (await get(list).then(() => true, unless(isMissing)));
      if (isServed) throw error;
      throw new MemoryError("unsupported", `This service does not serve ${list}.`, {
        cause: error,
      });
    }
  };
  return {
    get: async (...args) => told(get(...args)),
    post: async (...args) => told(post(...args)),
    remove: async (...args) => told(remove(...args)),
  };
}

function unless(test: (error: unknown) => boolean): (error: unknown) => boolean {
  return (error) => !test(error);
}
