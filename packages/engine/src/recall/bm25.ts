import type { Pool, PoolTurn } from "./pool.ts";
import { BM25, NEIGHBOUR } from "./weights.ts";

/** Counts over everything the caller may read, when the pool is only a part of it. */
export interface RankStatistics {
  turns: number;
  averageLength: number;
  documentFrequency: ReadonlyMap<string, number>;
}

/** A term of the question and what a match of it is worth. */
export interface WeightedTerm {
  term: string;
  weight: number;
}

/** BM25 of every turn, its window and every session, by slot. */
export interface Lexical {
  own: Float64Array;
  window: Float64Array;
  sessions: Float64Array;
}

/** Inverse document frequency of a term in the pool, or in all that the caller may read. */
export function idf(term: string, pool: Pool, statistics: RankStatistics | undefined): number {
  const turns = Math.max(statistics?.turns ?? 0, pool.size);
  const held = pool.words.get(term)?.turns.length ?? 0;
  const frequency = Math.min(turns, Math.max(statistics?.documentFrequency.get(term) ?? 0, held));
  return Math.log(1 + (turns - frequency + 0.5) / (frequency + 0.5));
}

/** Scores turns for weighted terms, by way of the turns that hold them; values are parts of the summed weight. */
export function lexicalScores(
  terms: readonly WeightedTerm[],
  pool: Pool,
  averageLength: number,
): Lexical {
  const own = new Float64Array(pool.turns.length);
  const window = new Float64Array(pool.turns.length);
  const sessions = new Float64Array(pool.sessions.length);
  const counts = new Float64Array(pool.turns.length);
  const norm = terms.reduce((sum, { weight }) => sum + weight, 0);
  const averageWindow = (pool.averageWindow * averageLength) / pool.averageLength;
  for (const { term, weight } of norm > 0 ? terms : []) {
    const word = pool.words.get(term);
    if (word === undefined) continue;
    const part = weight / norm;
    for (const [at, slot] of word.turns.entries()) counts[slot] = word.counts[at] ?? 0;
    const windows = new Set<PoolTurn>();
    const totals = new Map<PoolTurn["session"], number>();
    for (const slot of word.turns) {
      const entry = pool.turns[slot];
      if (entry === undefined) continue;
      const count = counts[slot] ?? 0;
      own[slot] =
        (own[slot] ?? 0) + part * saturate(count, entry.turn.terms.length / averageLength);
      totals.set(entry.session, (totals.get(entry.session) ?? 0) + count);
      if (entry.previous !== undefined) windows.add(entry.previous);
      windows.add(entry);
      if (entry.next !== undefined) windows.add(entry.next);
    }
    for (const entry of windows) {
      const count = around(entry, (neighbour) => counts[neighbour.slot] ?? 0);
      const length = around(entry, (neighbour) => neighbour.turn.terms.length);
      window[entry.slot] =
        (window[entry.slot] ?? 0) + part * saturate(count, length / averageWindow);
    }
    for (const [session, total] of totals)
      sessions[session.slot] =
        (sessions[session.slot] ?? 0) +
        part * saturate(total, session.length / pool.averageSession);
    for (const slot of word.turns) counts[slot] = 0;
  }
  return { own, window, sessions };
}

/** A turn's value with a part of its neighbours'. */
function around(entry: PoolTurn, value: (entry: PoolTurn) => number): number {
  return (
    value(entry) +
    (entry.previous === undefined ? 0 : NEIGHBOUR.previous * value(entry.previous)) +
    (entry.next === undefined ? 0 : NEIGHBOUR.next * value(entry.next))
  );
}

function saturate(count: number, relativeLength: number): number {
  return (count * (BM25.k1 + 1)) / (count + BM25.k1 * (1 - BM25.b + BM25.b * relativeLength));
}
