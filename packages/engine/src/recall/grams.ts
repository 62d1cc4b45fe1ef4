import type { WeightedTerm } from "./bm25.ts";
import type { Pool, PoolTurn, Word } from "./pool.ts";

/** Words less alike than this say nothing about each other. */
const LEAST_LIKENESS = 0.3;
/** How alike a word must be to stand for one that the pool does not hold, and how many may. */
const NEAR = { likeness: 0.5, words: 3 } as const;
/** Places of a table that tells at once that a gram is not asked for, a power of two. */
const TABLE = 4096;

/** Likeness of the question's words to those of each of the given turns, by shared character 3- to 5-grams, not scaled. */
export function gramScores(
  terms: readonly WeightedTerm[],
  pool: Pool,
  candidates: readonly PoolTurn[],
): Float64Array {
  const compare = createCompare(terms.map(({ term }) => term));
  /** By slot of the word: 0 until it is compared, then its place in the list, or -1 when it is like none of the terms. */
  const places = new Int32Array(pool.wordSlots);
  const likeness: Float64Array[] = [];
  const best = new Float64Array(terms.length);
  return Float64Array.from(candidates, ({ words }) => {
    best.fill(0);
    for (const word of words) {
      let place = places[word.slot] ?? -1;
      if (place === 0) {
        const alike = compare(word);
        place = alike === undefined ? -1 : likeness.push(alike);
        places[word.slot] = place;
      }
      const alike = place < 0 ? undefined : likeness[place - 1];
      if (alike === undefined) continue;
      for (let at = 0; at < alike.length; at += 1)
        if ((alike[at] ?? 0) > (best[at] ?? 0)) best[at] = alike[at] ?? 0;
    }
    let sum = 0;
    for (let at = 0; at < best.length; at += 1) sum += (terms[at]?.weight ?? 0) * (best[at] ?? 0);
    return sum;
  });
}

/** Words of the pool for a term that it does not hold: other forms and spellings, the most alike first. */
export function nearWords(term: string, pool: Pool): { term: string; likeness: number }[] {
  if (term.length < 3) return [];
  const compare = createCompare([term]);
  const near: { term: string; likeness: number }[] = [];
  for (const word of pool.words.values()) {
    const likeness = compare(word)?.[0] ?? 0;
    if (likeness >= NEAR.likeness) near.push({ term: word.term, likeness });
  }
  return near
    .toSorted((a, b) => b.likeness - a.likeness || (a.term < b.term ? -1 : 1))
    .slice(0, NEAR.words);
}

/** Likeness of a word to each asked term; undefined when it is like none. */
function createCompare(asked: readonly string[]): (word: Word) => Float64Array | undefined {
  const sizes = asked.map((term) => (term.length > 2 ? gramsOf(term).length : 0));
  const holders = new Map<number, number[]>();
  const table = new Uint8Array(TABLE);
  for (const [at, term] of asked.entries())
    for (const gram of term.length > 2 ? gramsOf(term) : []) {
      holders.set(gram, [...(holders.get(gram) ?? []), at]);
      table[gram & (TABLE - 1)] = 1;
    }
  const shared = new Int32Array(asked.length);
  return (word) => {
    if (word.term.length < 3) return undefined;
    const grams = word.grams();
    let most = 0;
    for (let index = 0; index < grams.length; index += 1) {
      const gram = grams[index] ?? 0;
      if (table[gram & (TABLE - 1)] === 0) continue;
      for (const at of holders.get(gram) ?? []) {
        const count = (shared[at] ?? 0) + 1;
        shared[at] = count;
        if (count > most) most = count;
      }
    }
    if (most === 0) return undefined;
    const alike = Float64Array.from(shared, (count, at) => {
      const value = count / Math.sqrt(grams.length * (sizes[at] ?? 1));
      return value >= LEAST_LIKENESS ? Math.min(1, value) : 0;
    });
    shared.fill(0);
    return alike.some((value) => value > 0) ? alike : undefined;
  };
}

/** Distinct hashes of a word's character 3- to 5-grams with its ends marked. */
export function gramsOf(word: string): Uint32Array {
  const padded = `^${word}$`;
  const grams = new Set<number>();
  for (let at = 0; at < padded.length; at += 1) {
    let hash = 2_166_136_261;
    for (let size = 1; size <= 5 && at + size <= padded.length; size += 1) {
      hash = Math.imul(hash ^ padded.charCodeAt(at + size - 1), 16_777_619);
      if (size >= 3) grams.add(hash >>> 0);
    }
  }
  return Uint32Array.from(grams);
}
