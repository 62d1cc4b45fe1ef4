import type { Pool } from "./pool.ts";
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

/** BM25 of every turn, its window and every session. */
export interface Lexical {
  own: Float64Array;
  window: Float64Array;
  sessions: Float64Array;
}

/** Inverse document frequency of a term in the pool, or in all that the caller may read. */
export function idf(term: string, pool: Pool, statistics: RankStatistics | undefined): number {
  const turns = Math.max(statistics?.turns ?? 0, pool.turns.length);
  const held = pool.postings.get(term)?.turns.length ?? 0;
  const frequency = Math.min(turns, Math.max(statistics?.documentFrequency.get(term) ?? 0, held));
  return Math.log(1 + (turns - frequency + 0.5) / (frequency + 0.5));
}

/** Scores all turns for weighted terms; values are parts of the terms' summed weight. */
export function lexicalScores(
  terms: readonly WeightedTerm[],
  pool: Pool,
  averageLength: number,
): Lexical {
  const size = pool.turns.length;
  const own = new Float64Array(size);
  const window = new Float64Array(size);
  const sessions = new Float64Array(pool.sessions.length);
  const norm = terms.reduce((sum, { weight }) => sum + weight, 0);
  const averageWindow = (pool.averageWindow * averageLength) / pool.averageLength;
  const counts = new Float64Array(size);
  const totals = new Float64Array(pool.sessions.length);
  for (const { term, weight } of norm > 0 ? terms : []) {
    const posting = pool.postings.get(term);
    if (posting === undefined) continue;
    const part = weight / norm;
    counts.fill(0);
    totals.fill(0);
    for (const [at, index] of posting.turns.entries()) {
      const count = posting.counts[at] ?? 0;
      const session = pool.sessionOf[index] ?? 0;
      counts[index] = count;
      totals[session] = (totals[session] ?? 0) + count;
      own[index] =
        (own[index] ?? 0) + part * saturate(count, (pool.lengths[index] ?? 0) / averageLength);
    }
    for (const [session, { start, end, length }] of pool.sessions.entries()) {
      const total = totals[session] ?? 0;
      if (total === 0) continue;
      sessions[session] =
        (sessions[session] ?? 0) + part * saturate(total, length / pool.averageSession);
      for (let index = start; index < end; index += 1) {
        const before = index > start ? (counts[index - 1] ?? 0) : 0;
        const after = index + 1 < end ? (counts[index + 1] ?? 0) : 0;
        const count = (counts[index] ?? 0) + NEIGHBOUR.previous * before + NEIGHBOUR.next * after;
        if (count > 0)
          window[index] =
            (window[index] ?? 0) +
            part * saturate(count, (pool.windowLengths[index] ?? 0) / averageWindow);
      }
    }
  }
  return { own, window, sessions };
}

function saturate(count: number, relativeLength: number): number {
  return (count * (BM25.k1 + 1)) / (count + BM25.k1 * (1 - BM25.b + BM25.b * relativeLength));
}
