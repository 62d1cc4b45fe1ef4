const times = Number(process.env["SPECTRON_RUNS"] ?? 1);
if (!(times >= 1)) throw new Error("SPECTRON_RUNS must be a number from 1.");

/** Time that a test of many runs may take. */
export const patience = 60_000 * times;

/** How often something is tried: as often as every change does it, times SPECTRON_RUNS for a longer night. */
export function runs(every: number): number {
  return Math.round(every * times);
}

/** The same numbers from 0 to 1 on every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
