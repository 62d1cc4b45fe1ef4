import type { Calls } from "./calls.ts";
import type { WriteOptions } from "./options.ts";

export interface Lifecycle {
  /** Closes what is past its time. */
  expire(options?: WriteOptions): Promise<{ affected: number }>;
  /** Lowers the importance of what was not used. */
  decay(options?: WriteOptions): Promise<{ affected: number }>;
}

export function createLifecycle({ post }: Calls): Lifecycle {
  return {
    expire: async (options) => post("lifecycle/expire", [], undefined, options),
    decay: async (options) => post("lifecycle/decay", [], undefined, options),
  };
}
