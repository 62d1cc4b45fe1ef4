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
  const inWindow = createCounter(pool.turns.length);
  const inSession = createCounter(pool.sessions.length);
  const norm = terms.reduce((sum, { weight }) => sum + weight, 0);
  const { averageSession, windowLengths } = pool;
  const averageWindow = (pool.averageWindow * averageLength) / pool.averageLength;
  for (const { term, weight } of norm > 0 ? terms : []) {
    const word = pool.words.get(term);
    if (word === undefined) continue;
    const part = weight / norm;
    for (let at = 0; at < word.turns.length; at += 1) {
      const entry = pool.turns[word.turns[at] ?? -1];
      const count = word.counts[at] ?? 0;
      if (entry === undefined) continue;
      const { slot, previous, next, session } = entry;
      own[slot] =
        (own[slot] ?? 0) + part * saturate(count, entry.turn.terms.length / averageLength);
      inSession.add(session.slot, count);
      inWindow.add(slot, count);
      // a word counts in the windows of both neighbours: as that of the one before, and of the one after
      if (next !== undefined) inWindow.add(next.slot, NEIGHBOUR.previous * count);
      if (previous !== undefined) inWindow.add(previous.slot, NEIGHBOUR.next * count);
    }
    inWindow.drain((slot, count) => {
      window[slot] =
        (window[slot] ?? 0) + part * saturate(count, (windowLengths[slot] ?? 0) / averageWindow);
    });
    inSession.drain((slot, count) => {
      const length = pool.sessions[slot]?.length ?? 0;
      sessions[slot] = (sessions[slot] ?? 0) + part * saturate(count, length / averageSession);
    });
  }
  return { own, window, sessions };
}

/** Sums by place that are emptied at the cost of the places that were used. */
function createCounter(places: number): {
  add(place: number, value: number): void;
  drain(use: (place: number, value: number) => void): void;
} {
  const values = new Float64Array(places);
  const used: number[] = [];
  return {
    add(place, value) {
      const before = values[place] ?? 0;
      if (before === 0) used.push(place);
      values[place] = before + value;
    },
    drain(use) {
      for (const place of used) {
        use(place, values[place] ?? 0);
        values[place] = 0;
      }
      used.length = 0;
    },
  };
}

function saturate(count: number, relativeLength: number): number {
  return (count * (BM25.k1 + 1)) / (count + BM25.k1 * (1 - BM25.b + BM25.b * relativeLength));
}
