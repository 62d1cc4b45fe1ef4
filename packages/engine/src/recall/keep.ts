import { buildFactIndex } from "./fact-index.ts";
import type { FactIndex } from "./fact-index.ts";
import { buildPool } from "./pool.ts";
import type { Pool } from "./pool.ts";

/** What ranking keeps of some scopes between questions. */
export interface Kept {
  /** The revision of memory that it shows; undefined before it was first loaded. */
  revision?: string | undefined;
  readonly pool: Pool;
  facts: FactIndex;
  /** Model of the vectors. */
  model?: string | undefined;
  /** By key of the turn. */
  readonly vectors: Map<number, Int8Array>;
  /** Counts of common terms over scopes too large to rank whole, and the size at which they were counted. */
  readonly frequencies: Map<string, number>;
  countedAt: number;
}

/** Keeps what was counted for the scopes that were asked last, up to a size; a store owns one for its committed reads. */
export interface Keep {
  /** Runs one piece of work at a time on what is kept of these scopes. */
  with<Result>(scopes: string, work: (kept: Kept) => Promise<Result>): Promise<Result>;
}

const DEFAULT_BYTES = 128 * 2 ** 20;
/** Memory of a fact, estimated. */
const FACT_BYTES = 2000;

export function createKeep(options: { bytes?: number | undefined } = {}): Keep {
  const most = options.bytes ?? DEFAULT_BYTES;
  const entries = new Map<string, { kept: Kept; last: Promise<unknown> }>();

  /** Drops what was not asked for the longest; what was asked last stays, whatever it takes. */
  function makeRoom(): void {
    let size = 0;
    for (const [place, [scopes, { kept }]] of [...entries].toReversed().entries()) {
      size += sizeOf(kept);
      if (size > most && place > 0) entries.delete(scopes);
    }
  }

  return {
    async with(scopes, work) {
      const entry = entries.get(scopes) ?? { kept: emptyKept(), last: Promise.resolve() };
      entries.delete(scopes);
      entries.set(scopes, entry);
      const run = entry.last.then(async () => work(entry.kept));
      entry.last = run.catch(() => {
        // half of a change may have been made
        entry.kept = emptyKept();
      });
      const result = await run;
      makeRoom();
      return result;
    },
  };
}

export function emptyKept(): Kept {
  return {
    pool: buildPool([]),
    facts: buildFactIndex([], () => ""),
    vectors: new Map(),
    frequencies: new Map(),
    countedAt: 0,
  };
}

function sizeOf({ pool, facts, vectors }: Kept): number {
  const [vector] = vectors.values();
  return pool.bytes + facts.facts.length * FACT_BYTES + vectors.size * (vector?.length ?? 0);
}
