import { describe, expect, test } from "vitest";
import { analyze } from "./analyze.ts";
import type { Embedder } from "./embedder.ts";
import { fromEmbeddingModel, fromEmbeddings } from "./embedder.ts";
import { buildPool, rankPool } from "./rank.ts";
import { embedAll, likeness, mostAlike, quantize } from "./vectors.ts";

describe("vectors", () => {
  test("a quantised vector keeps its direction", () => {
    const a = quantize([0.3, -0.4, 0.5]);
    expect(likeness(a, quantize([0.6, -0.8, 1]))).toBeCloseTo(1, 3);
    expect(likeness(a, quantize([-0.3, 0.4, -0.5]))).toBeCloseTo(-1, 3);
    expect(likeness(a, quantize([0, 0, 0]))).toBe(0);
  });

  test("the most alike come first, ties by key", () => {
    const vectors = new Map([
      [9, quantize([1, 0])],
      [2, quantize([1, 0])],
      [5, quantize([0, 1])],
      [7, quantize([1, 1])],
    ]);
    expect(mostAlike(quantize([1, 0]), vectors, 3).map(({ key }) => key)).toEqual([2, 9, 7]);
  });

  test.each([
    ["too few vectors", []],
    ["another dimension", [[1, 2, 3]]],
    ["no numbers", [[1, Number.NaN]]],
  ])("an embedder that answers with %s is refused", async (_, answer) => {
    const embedder: Embedder = { name: "broken", dimensions: 2, embed: async () => answer };
    await expect(embedAll(embedder, ["tea"])).rejects.toMatchObject({ code: "embedder_failed" });
  });

  test("an AI SDK model is asked in batches that it can take", async () => {
    const calls: string[][] = [];
    const embedder = fromEmbeddingModel(
      {
        modelId: "small",
        maxEmbeddingsPerCall: 2,
        doEmbed: async ({ values }) => {
          calls.push(values);
          return { embeddings: values.map((value) => [value.length, 1]) };
        },
      },
      { dimensions: 2 },
    );
    expect(await embedder.embed(["a", "bb", "ccc"])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    expect(calls).toEqual([["a", "bb"], ["ccc"]]);
    expect(embedder.name).toBe("small");
  });

  test("LangChain embeddings are asked for documents", async () => {
    const embedder = fromEmbeddings(
      { embedDocuments: async (texts) => texts.map((text) => [text.length]) },
      { dimensions: 1, name: "counted" },
    );
    expect(await embedder.embed(["four"])).toEqual([[4]]);
  });
});

describe("vectors in a ranking", () => {
  const pool = buildPool(
    ["I drink green tea.", "Oolong every morning.", "The harbour was cold."].map((text, at) => ({
      key: at + 1,
      sessionKey: at + 1,
      seq: 1,
      at: Date.UTC(2023, 4, 7 + at),
      speaker: null,
      role: "user",
      terms: analyze(text),
      text,
    })),
  );
  const similar = [
    { key: 2, likeness: 0.9 },
    { key: 1, likeness: 0.8 },
    { key: 3, likeness: -0.2 },
  ];
  const keys = (mode: "hybrid" | "bm25" | "vector"): number[] =>
    rankPool("Which tea?", pool, { mode, similar }).map(({ turn }) => turn.key);

  test("hybrid joins both by rank, so that what only one finds is found", () => {
    expect(keys("hybrid")).toEqual([1, 2]);
    const [both] = rankPool("Which tea?", pool, { similar });
    expect(both?.signals).toMatchObject({ vector: 0.8, window: expect.any(Number) as number });
    expect(both?.score).toBeLessThanOrEqual(1);
  });

  test("each part alone keeps to itself", () => {
    expect(keys("bm25")).toEqual([1]);
    expect(keys("vector")).toEqual([2, 1]);
  });
});
