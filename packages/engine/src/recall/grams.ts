import type { WeightedTerm } from "./bm25.ts";
import type { Pool, PoolTurn } from "./pool.ts";

/** Words less alike than this say nothing about each other. */
const LEAST_LIKENESS = 0.3;

/** Likeness of the question's words to those of each of the given turns, by shared character 3- to 5-grams, not scaled. */
export function gramScores(
  terms: readonly WeightedTerm[],
  pool: Pool,
  candidates: readonly PoolTurn[],
): Float64Array {
  const asked = terms
    .filter(({ term }) => term.length > 2)
    .map(({ term, weight }) => ({ term, weight, grams: gramsOf(term) }));
  const likeness = new Map<string, Float64Array>();
  const best = new Float64Array(asked.length);
  return Float64Array.from(candidates, ({ turn }) => {
    best.fill(0);
    for (const term of turn.terms) {
      let alike = likeness.get(term);
      if (alike === undefined) {
        alike = compare(term, pool.words.get(term)?.grams() ?? gramsOf(term), asked);
        likeness.set(term, alike);
      }
      for (let i = 0; i < alike.length; i += 1)
        if ((alike[i] ?? 0) > (best[i] ?? 0)) best[i] = alike[i] ?? 0;
    }
    return asked.reduce((sum, { weight }, i) => sum + weight * (best[i] ?? 0), 0);
  });
}

const NOTHING: Float64Array = /* @__PURE__ */ new Float64Array(0);

function compare(
  word: string,
  grams: Uint32Array,
  asked: readonly { term: string; grams: Uint32Array }[],
): Float64Array {
  if (word.length < 3) return NOTHING;
  return Float64Array.from(asked, ({ term, grams: other }) => {
    if (term === word) return 1;
    const alike = countShared(grams, other) / Math.sqrt(grams.length * other.length);
    return alike >= LEAST_LIKENESS ? alike : 0;
  });
}

/** Numbers that two ascending lists share. */
function countShared(a: Uint32Array, b: Uint32Array): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const left = a[i] ?? 0;
    const right = b[j] ?? 0;
    if (left === right) shared += 1;
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  return shared;
}

/** Distinct hashes of a word's character 3- to 5-grams with its ends marked, ascending. */
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
  return Uint32Array.from(grams).toSorted();
}
