import type { ExtractAnswer, ExtractInput, Extractor } from "@spectron/core/protocol";
import { expect, test } from "vitest";
import { createRuleExtractor } from "./rules.ts";
import { runExtractors } from "./run-extractors.ts";
import type { ExtractorError } from "./run-extractors.ts";

const input: ExtractInput = {
  messages: [{ turnId: "0", role: "user", content: "I live in Rome and I miss Pisa.", ts: 0 }],
  known: [],
  now: 0,
};
const good: ExtractAnswer = {
  facts: [
    {
      subject: { type: "person", name: "user" },
      key: "likes",
      value: "Pisa",
      category: "knowledge",
      polarity: "affirm",
      confidence: 0.8,
      turnIds: ["0"],
      quote: "I miss Pisa",
    },
  ],
  instructions: [],
  uncertainties: [],
  corrections: [],
};

function extractor(name: string, extract: Extractor["extract"]): Extractor {
  return { name, extract };
}

async function run(...extractors: Extractor[]): Promise<{ values: string[]; errors: string[] }> {
  const errors: ExtractorError[] = [];
  const { facts } = await runExtractors([...extractors, createRuleExtractor()], input, {
    // only what never answers may run out of time
    timeoutMs: extractors.includes(hanging) ? 1 : 60_000,
    onError: (error) => errors.push(error),
  });
  return { values: facts.map(({ value }) => value), errors: errors.map(({ code }) => code) };
}

const fine = extractor("fine", async () => good);
const failing = extractor("failing", async () => {
  throw new Error("overloaded");
});
const throwing = extractor("throwing", () => {
  throw new Error("not even a promise");
});
const unreadable = extractor("unreadable", async () => "I am sorry" as never);
const hanging = extractor("hanging", () => new Promise(() => undefined));

test("the first extractor that answers is the one that counts", async () => {
  expect(await run(fine, failing)).toEqual({ values: ["Pisa"], errors: [] });
});

test.each([
  ["fails", failing, "extractor_failed"],
  ["throws at once", throwing, "extractor_failed"],
  ["gives no readable answer", unreadable, "extractor_unreadable"],
  ["does not answer in time", hanging, "extractor_timeout"],
])(
  "an extractor that %s is followed by the next, and by the rules at last",
  async (_, bad, code) => {
    expect(await run(bad, fine)).toEqual({ values: ["Pisa"], errors: [code] });
    expect(await run(bad)).toEqual({ values: ["Rome"], errors: [code] });
  },
);

test("each failure is told in the order in which the extractors were asked", async () => {
  expect(await run(unreadable, failing)).toEqual({
    values: ["Rome"],
    errors: ["extractor_unreadable", "extractor_failed"],
  });
});

test("an empty answer is an answer", async () => {
  const empty = extractor("empty", async () => ({
    facts: [],
    instructions: [],
    uncertainties: [],
    corrections: [],
  }));
  expect(await run(empty)).toEqual({ values: [], errors: [] });
});

test("an extractor that takes too long has its signal aborted", async () => {
  let signal: AbortSignal | undefined;
  const slow = extractor("slow", async (_, options) => {
    signal = options?.signal;
    return new Promise(() => undefined);
  });
  await runExtractors([slow, createRuleExtractor()], input, { timeoutMs: 1 });
  expect(signal?.aborted).toBe(true);
});

test("a listener that throws costs nothing", async () => {
  const { facts } = await runExtractors([failing, createRuleExtractor()], input, {
    timeoutMs: 1000,
    onError: () => {
      throw new Error("listener");
    },
  });
  expect(facts.map(({ value }) => value)).toEqual(["Rome"]);
});
