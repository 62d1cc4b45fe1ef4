import type { InspectResponse } from "../protocol/reads.ts";
import type { ScopeSets, TimeFilter } from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import type { ReadOptions } from "./options.ts";

/** Looks up what a reference names, such as `entity:person/rosa` or `trace:tr_1`. */
export type Inspect = (
  ref: string,
  filter?: TimeFilter & { lens?: ScopeSets | undefined },
  options?: ReadOptions,
) => Promise<InspectResponse>;

export function createInspect({ get }: Calls): Inspect {
  return async (ref, filter = {}, options) => get("inspect", [], { ref, ...filter }, options);
}
