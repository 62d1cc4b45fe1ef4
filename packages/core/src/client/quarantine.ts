import type { QuarantineResponse } from "../protocol/reads.ts";
import type { ListPage, ScopeSets } from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import { listed } from "./listed.ts";
import type { ReadOptions, WriteOptions } from "./options.ts";

export interface Quarantine {
  /** Turns that are kept out of every recall. */
  list(
    filter?: ListPage & { lens?: ScopeSets | undefined },
    options?: ReadOptions,
  ): Promise<QuarantineResponse>;
  hold(ids: readonly string[], options?: WriteOptions): Promise<{ changed: number }>;
  restore(ids: readonly string[], options?: WriteOptions): Promise<{ changed: number }>;
}

export function createQuarantine({ get, post }: Calls): Quarantine {
  return {
    list: async (filter = {}, options) =>
      listed(await get("quarantine", [], filter, options), "rows"),
    hold: async (ids, options) => post("quarantine/hold", [], { ids }, options),
    restore: async (ids, options) => post("quarantine/restore", [], { ids }, options),
  };
}
