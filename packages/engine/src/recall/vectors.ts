import { EngineError } from "../model/errors.ts";
import type { Embedder } from "./embedder.ts";

/** Embeds texts and checks that the model keeps to its promise. */
export async function embedAll(
  embedder: Embedder,
  texts: readonly string[],
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Int8Array[]> {
  const vectors = await embedder.embed(texts, options);
  const isWhole =
    vectors.length === texts.length &&
    vectors.every(
      (vector) =>
        vector.length === embedder.dimensions && vector.every((value) => Number.isFinite(value)),
    );
  if (!isWhole)
    throw new EngineError(
      "embedder_failed",
      `The embedder did not answer with one vector of ${embedder.dimensions} numbers for each text.`,
    );
  return vectors.map(quantize);
}

/** A vector in a quarter of the space; its length is lost, its direction stays to about one part in a hundred. */
export function quantize(vector: Float32Array | readonly number[]): Int8Array {
  let most = 0;
  for (const value of vector) most = Math.max(most, Math.abs(value));
  return Int8Array.from(vector, (value) => (most === 0 ? 0 : Math.round((value / most) * 127)));
}

/** Cosine of two quantised vectors, -1 to 1; 0 where one of them is nothing. */
export function likeness(a: Int8Array, b: Int8Array): number {
  let dot = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let at = 0; at < a.length; at += 1) {
    const left = a[at] ?? 0;
    const right = b[at] ?? 0;
    dot += left * right;
    lengthA += left * left;
    lengthB += right * right;
  }
  return lengthA === 0 || lengthB === 0 ? 0 : dot / Math.sqrt(lengthA * lengthB);
}

/** The most alike vectors, best first, by an exact scan. */
export function mostAlike(
  wanted: Int8Array,
  vectors: ReadonlyMap<number, Int8Array>,
  limit: number,
): { key: number; likeness: number }[] {
  return Array.from(vectors, ([key, vector]) => ({ key, likeness: likeness(wanted, vector) }))
    .toSorted((a, b) => b.likeness - a.likeness || a.key - b.key)
    .slice(0, limit);
}
