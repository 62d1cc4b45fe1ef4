import { idf } from "./bm25.ts";
import type { RankStatistics } from "./bm25.ts";
import type { IndexedTurn, Pool } from "./pool.ts";
import { newestFirst } from "./newest-first.ts";
import { readQuestion } from "./question.ts";
import { measure } from "./signals.ts";
import { WEIGHTS } from "./weights.ts";
import type { Weights } from "./weights.ts";

export { buildPool } from "./pool.ts";
export type { RankStatistics } from "./bm25.ts";
export type { IndexedTurn, Pool } from "./pool.ts";

export interface RankedTurn {
  turn: IndexedTurn;
  /** 0 to about 1, never rising along the ranking. */
  score: number;
  /** What each signal added to the score. */
  signals: Partial<Weights>;
}

export interface RankOptions {
  /** @default 50 */
  limit?: number | undefined;
  /** @default what the pool itself shows */
  statistics?: RankStatistics | undefined;
  /** The moment of asking, epoch milliseconds: what "yesterday" in the question means. */
  now?: number | undefined;
  /** @internal */
  weights?: Readonly<Weights> | undefined;
}

const NAMES = Object.keys(WEIGHTS) as (keyof Weights)[];
/** A turn that every lexical signal speaks for comes near this sum. */
const FULL_SCORE = 20;

/** Ranks the turns of a pool for a question, best first, ties by key; nothing in common gives nothing. */
export function rankPool(question: string, pool: Pool, options: RankOptions = {}): RankedTurn[] {
  const read = readQuestion(question, pool, options.now);
  const weights = options.weights ?? WEIGHTS;
  const ranked: RankedTurn[] = [];
  for (const {
    entry: { turn },
    signals,
  } of measure(read, pool, options.statistics)) {
    const parts: Partial<Weights> = {};
    let sum = 0;
    for (const name of NAMES) {
      const part = (weights[name] * signals[name]) / FULL_SCORE;
      if (part !== 0) parts[name] = part;
      sum += part;
    }
    if (sum > 0) ranked.push({ turn, score: sum, signals: parts });
  }
  ranked.sort((a, b) => b.score - a.score || a.turn.key - b.turn.key);
  const ordered = read.isPresent
    ? newestFirst(ranked, read.terms, (term) => idf(term, pool, options.statistics))
    : ranked;
  return ordered.slice(0, options.limit ?? 50);
}
