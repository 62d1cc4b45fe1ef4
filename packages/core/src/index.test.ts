import { expect, test } from "vitest";

test("the package exports these values and no others", async () => {
  expect(Object.keys(await import("./index.ts")).toSorted()).toMatchInlineSnapshot(`
    [
      "ApiError",
      "MemoryError",
      "createSpectron",
      "isConflict",
      "walk",
    ]
  `);
});

test("the adapter kit exports these values and no others", async () => {
  expect(Object.keys(await import("./adapter/index.ts")).toSorted()).toMatchInlineSnapshot(`
    [
      "containsMemoryBlock",
      "createAdapterMemory",
      "idAnchor",
      "ordinalAnchor",
      "prefixAnchor",
      "reportFailure",
      "requireBinding",
      "stripMemoryBlocks",
    ]
  `);
});

test("the protocol exports these values and no others", async () => {
  expect(Object.keys(await import("./protocol/index.ts")).toSorted()).toMatchInlineSnapshot(`
    [
      "FACT_KEYS",
      "SELF",
      "ScopeSyntaxError",
      "ancestorsOf",
      "canonicalJson",
      "extractionRequest",
      "normalizePath",
      "normalizeSelector",
      "patternCovers",
      "readExtraction",
    ]
  `);
});
