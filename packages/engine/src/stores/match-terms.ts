import type { TurnRecord } from "../model/records.ts";

/** Index entries read for one question: the rarest terms that fit choose the candidates, all terms rank them. */
const MOST_POSTINGS = 20_000;
/** Candidates that are ranked by all terms, for each that is asked for. */
export const CANDIDATES_PER_HIT = 4;
/** The term weighting of SQLite's full-text index, for every store. */
export const BM25 = { k1: 1.2, b: 0.75 } as const;

/** Counts over all that the caller may read. */
export interface TermCounts {
  turns: number;
  averageLength: number;
  /** Turns that hold each term. */
  held: ReadonlyMap<string, number>;
}

/** The rarest terms whose entries fit the budget, at least one; terms that nobody used are left out. */
export function rarestTerms(terms: readonly string[], held: ReadonlyMap<string, number>): string[] {
  const count = (term: string): number => held.get(term) ?? 0;
  let left = MOST_POSTINGS;
  return terms
    .filter((term) => count(term) > 0)
    .toSorted((a, b) => count(a) - count(b) || (a < b ? -1 : 1))
    .filter((term, index) => {
      left -= count(term);
      return index === 0 || left >= 0;
    });
}

export function inverseFrequency(term: string, { turns, held }: TermCounts): number {
  const count = held.get(term) ?? 0;
  return Math.max(1e-6, Math.log(1 + (turns - count + 0.5) / (count + 0.5)));
}

/** The best of some turns by BM25 over all terms, ties by key. */
export function rankByTerms(
  turns: readonly TurnRecord[],
  terms: readonly string[],
  counts: TermCounts,
  options: {
    limit: number;
    /** How a term of a turn is indexed. @default as it is */
    indexed?: ((term: string) => string) | undefined;
  },
): TurnRecord[] {
  const weights = new Map(terms.map((term) => [term, inverseFrequency(term, counts)]));
  const indexed = options.indexed ?? ((term: string): string => term);
  const score = (turn: TurnRecord): number => {
    const own = turn.terms.split(" ");
    const found = new Map<string, number>();
    for (const term of own.map(indexed))
      if (weights.has(term)) found.set(term, (found.get(term) ?? 0) + 1);
    const norm = BM25.k1 * (1 - BM25.b + (BM25.b * own.length) / counts.averageLength);
    let sum = 0;
    for (const [term, count] of found)
      sum += ((weights.get(term) ?? 0) * count * (BM25.k1 + 1)) / (count + norm);
    return sum;
  };
  return turns
    .map((turn) => ({ turn, score: score(turn) }))
    .toSorted((a, b) => b.score - a.score || a.turn.key - b.turn.key)
    .slice(0, options.limit)
    .map(({ turn }) => turn);
}
