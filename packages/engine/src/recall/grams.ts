import type { WeightedTerm } from "./bm25.ts";
import type { Pool } from "./pool.ts";

/** Words less alike than this say nothing about each other. */
const LEAST_LIKENESS = 0.3;

/** Likeness of the question's words to those of each of the given turns, by shared character 3- to 5-grams, not scaled. */
export function gramScores(
  terms: readonly WeightedTerm[],
  pool: Pool,
  candidates: readonly number[],
): Float64Array {
  const scores = new Float64Array(candidates.length);
  const asked = terms
    .filter(({ term }) => term.length > 2)
    .map(({ term, weight }) => ({ term, weight, grams: gramsOf(term) }));
  const likeness = new Map<string, Float64Array>();
  for (const [at, index] of candidates.entries()) {
    const best = new Float64Array(asked.length);
    for (const term of pool.turns[index]?.terms ?? []) {
      let alike = likeness.get(term);
      if (alike === undefined) {
        alike = compare(term, asked);
        likeness.set(term, alike);
      }
      for (let i = 0; i < alike.length; i += 1)
        if ((alike[i] ?? 0) > (best[i] ?? 0)) best[i] = alike[i] ?? 0;
    }
    scores[at] = asked.reduce((sum, { weight }, i) => sum + weight * (best[i] ?? 0), 0);
  }
  return scores;
}

const NOTHING: Float64Array = /* @__PURE__ */ new Float64Array(0);

function compare(
  word: string,
  asked: readonly { term: string; grams: ReadonlySet<string> }[],
): Float64Array {
  if (word.length < 3) return NOTHING;
  const grams = gramsOf(word);
  return Float64Array.from(asked, ({ term, grams: other }) => {
    if (term === word) return 1;
    let shared = 0;
    for (const gram of grams) if (other.has(gram)) shared += 1;
    const alike = shared / Math.sqrt(grams.size * other.size);
    return alike >= LEAST_LIKENESS ? alike : 0;
  });
}

function gramsOf(word: string): ReadonlySet<string> {
  const padded = `^${word}$`;
  const grams = new Set<string>();
  for (let size = 3; size <= 5; size += 1)
    for (let at = 0; at + size <= padded.length; at += 1) grams.add(padded.slice(at, at + size));
  return grams;
}
