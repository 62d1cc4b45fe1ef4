import type { ExtractInput } from "@spectron/core/protocol";
import {
  NEUTRAL_MESSAGES,
  parseFacts,
  scoreFacts,
  STATED_SENTENCES,
  TECHNICAL_TEXTS,
} from "@spectron/testing/extraction";
import { expect, test } from "vitest";
import type { Extraction } from "./extractor.ts";
import { gateExtraction } from "./gate.ts";
import { createRuleExtractor } from "./rules.ts";

const extractor = createRuleExtractor();

async function read(content: string): Promise<Extraction> {
  const input: ExtractInput = {
    messages: [{ turnId: "0", role: "user", content, ts: Date.UTC(2026, 0, 15) }],
    known: [],
    now: Date.UTC(2026, 0, 15),
  };
  return gateExtraction(input, await extractor.extract(input)).extraction;
}

test("states no fact for any neutral message or technical text, and no wish for any neutral message", async () => {
  expect(NEUTRAL_MESSAGES.length).toBeGreaterThanOrEqual(300);
  const wrong: string[] = [];
  for (const text of [...NEUTRAL_MESSAGES, ...TECHNICAL_TEXTS]) {
    const { facts, instructions } = await read(text);
    // a rule of a manual may read like a wish; it is no fact in any case
    if (facts.length > 0 || (instructions.length > 0 && NEUTRAL_MESSAGES.includes(text)))
      wrong.push(`${text} -> ${JSON.stringify([...facts, ...instructions])}`);
  }
  expect(wrong).toEqual([]);
});

test("is right in 95 and finds 80 of 100 hand-labelled statements", async () => {
  expect(STATED_SENTENCES.length).toBeGreaterThanOrEqual(150);
  const sum = { right: 0, wrong: 0, missed: 0 };
  for (const [text, labels] of STATED_SENTENCES) {
    const score = scoreFacts((await read(text)).facts, parseFacts(labels));
    sum.right += score.right.length;
    sum.wrong += score.wrong.length;
    sum.missed += score.missed.length;
  }
  expect(sum.right / (sum.right + sum.wrong)).toBeGreaterThanOrEqual(0.95);
  expect(sum.right / (sum.right + sum.missed)).toBeGreaterThanOrEqual(0.8);
});
