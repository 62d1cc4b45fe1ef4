import { expect, test } from "vitest";
import { extractionRequest } from "./extraction-request.ts";
import type { ExtractInput } from "./extraction.ts";
import { readExtraction } from "./read-extraction.ts";

const fact = {
  subject: { type: "person", name: "user" },
  key: "home_city",
  value: "Rome",
  turnIds: ["t1"],
  quote: "I live in Rome",
};

test("reads an object, and text that holds one", () => {
  const answer = { facts: [fact] };
  for (const raw of [
    answer,
    JSON.stringify(answer),
    `Look: {"a": "}"} ${JSON.stringify(answer)}.`,
    `{ unbalanced ${JSON.stringify(answer)}`,
  ])
    expect(readExtraction(raw)?.answer.facts).toMatchObject([{ key: "home_city", value: "Rome" }]);
});

test.each([undefined, null, 3, [], "", "no", "{", '{"facts": [{"key": "na', { answer: 1 }])(
  "finds no answer in %j",
  (raw) => {
    expect(readExtraction(raw)).toBeNull();
  },
);

test("counts what has another shape instead of guessing", () => {
  const read = readExtraction({
    facts: [
      { ...fact, turnIds: "t1" },
      { ...fact, quote: 3 },
      { ...fact, validFrom: "soon" },
      fact,
    ],
    instructions: {},
  });
  expect(read).toMatchObject({ malformed: 4, answer: { facts: [{}], instructions: [] } });
});

test("a null of strict structured output is an absent field", () => {
  const read = readExtraction({
    facts: [
      {
        ...fact,
        targetType: null,
        validFrom: null,
        validUntil: null,
        replaces: null,
        confidence: null,
      },
    ],
  });
  expect(read?.answer.facts).toEqual([
    { ...fact, category: "context", polarity: "affirm", confidence: 0.5 },
  ]);
});

test("reads instants as ISO text or milliseconds, and refuses an end before its beginning", () => {
  const read = readExtraction({
    facts: [
      { ...fact, validFrom: "2026-01-01", validUntil: 1_800_000_000_000 },
      { ...fact, validFrom: "2026-01-02", validUntil: "2026-01-01" },
    ],
  });
  expect(read?.answer.facts).toMatchObject([
    { validFrom: Date.UTC(2026, 0, 1), validUntil: 1_800_000_000_000 },
  ]);
});

test.each([
  ["home_city", "home_city"],
  ["Home City", "home_city"],
  ["favorite_movie", "favorite_movie"],
  ["shoe size", "shoe_size"],
  ["other:Shoe-Size", "other:shoe_size"],
  ["other:name", "other:name"],
])("the key %j is kept as %j", (key, kept) => {
  expect(readExtraction({ facts: [{ ...fact, key }] })?.answer.facts[0]?.key).toBe(kept);
});

test("equal input makes an equal request, whatever the order of its fields", () => {
  const message = { turnId: "t1", role: "user" as const, content: "Hi", ts: 0 };
  const input: ExtractInput = { messages: [message], known: [], now: 0 };
  const reordered = {
    now: 0,
    known: [],
    messages: [{ ts: 0, content: "Hi", role: "user" as const, turnId: "t1" }],
  };
  expect(extractionRequest(reordered)).toEqual(extractionRequest(input));
  expect(extractionRequest(input).prompt).toContain("1970-01-01T00:00:00.000Z");
});

test("strict structured output is possible: every property is required and no other allowed", () => {
  const { schema } = extractionRequest({ messages: [], known: [], now: 0 });
  const objects = (node: unknown): Record<string, unknown>[] =>
    typeof node !== "object" || node === null
      ? []
      : [node as Record<string, unknown>, ...Object.values(node).flatMap(objects)].filter(
          (item) => item["type"] === "object",
        );
  for (const { properties, required, additionalProperties } of objects(schema)) {
    expect(additionalProperties).toBe(false);
    expect(required).toEqual(Object.keys(properties as object));
  }
  expect(objects(schema)).toHaveLength(6);
});
