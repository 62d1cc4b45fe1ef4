import type { Spectron } from "@spectron/core";

/** What is known of one run: shared by its session, its agents and its guardrails. */
export interface RunMemory {
  /** What the user said last. */
  query?: string | undefined;
  /** True when the run was under way before this process saw it, and nothing told what was asked. */
  isResumed?: boolean | undefined;
  /** True when nothing of this run is to be remembered. */
  silent?: boolean | undefined;
  /** The block of each question; every step and agent of the run sees the same bytes. */
  blocks: Map<string, Promise<string>>;
}

const runsBy: WeakMap<Spectron, WeakMap<object, RunMemory>> = /* @__PURE__ */ new WeakMap();

/** The SDK hands the same context object to everything that happens in one run. */
export function runMemory(spectron: Spectron, context: object): RunMemory {
  let runs = runsBy.get(spectron);
  if (runs === undefined) {
    runs = new WeakMap();
    runsBy.set(spectron, runs);
  }
  let run = runs.get(context);
  if (run === undefined) {
    run = { blocks: new Map() };
    runs.set(context, run);
  }
  return run;
}
