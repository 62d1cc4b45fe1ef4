import type { Instant } from "./model/records.ts";

/**
 * The wall clock, except that it never goes back: neither behind what it has said nor behind `floor`, the newest
 * instant that is stored. While a wall clock that was set back catches up, time stands still and order is kept by
 * the instants of changes; nothing that has expired lives again.
 */
export function createSteadyClock(wall: () => Instant, floor: Instant): () => Instant {
  let newest = floor;
  return () => {
    newest = Math.max(newest, wall());
    return newest;
  };
}
