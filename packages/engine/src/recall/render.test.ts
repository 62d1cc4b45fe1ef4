import { describe, expect, test } from "vitest";
import type { IndexedTurn, RankedTurn } from "./rank.ts";
import { renderContext, renderTurn } from "./render.ts";

const turn = (key: number, more: Partial<IndexedTurn> = {}): IndexedTurn => ({
  key,
  sessionKey: 1,
  seq: key,
  at: Date.UTC(2023, 4, 7),
  speaker: "Ann",
  role: "user",
  terms: [],
  text: `Turn ${key}.`,
  ...more,
});
const ranked = (...turns: IndexedTurn[]): RankedTurn[] =>
  turns.map((item, at) => ({ turn: item, score: 1 - at / 100, signals: {}, shown: item.text }));
const one = (item: IndexedTurn): string => ranked(item).map(renderTurn).join();

describe("renderTurn", () => {
  test("names the speaker once, and the role where nobody is named", () => {
    expect(one(turn(1))).toBe("[7 May 2023] Ann: Turn 1.");
    expect(one(turn(1, { text: "Ann: Turn 1." }))).toBe("[7 May 2023] Ann: Turn 1.");
    expect(one(turn(1, { speaker: null }))).toBe("[7 May 2023] user: Turn 1.");
  });

  test("is one line", () => {
    expect(one(turn(1, { text: "One\n\n### two" }))).toBe("[7 May 2023] Ann: One ### two");
  });

  test("says what is no longer so", () => {
    const hit = { turn: turn(1), shown: "I live in Porto.", isSuperseded: true };
    expect(renderTurn(hit)).toBe("[7 May 2023] Ann: I live in Porto. (no longer so)");
  });
});

describe("renderContext", () => {
  test("writes one date for each session, the best session first, its turns in order", () => {
    const other = { sessionKey: 2, at: Date.UTC(2023, 3, 1) };
    expect(renderContext(ranked(turn(3), turn(1, other), turn(2)), { maxTokens: 100 })).toBe(
      "[7 May 2023] Ann: Turn 2.\n  Ann: Turn 3.\n[1 April 2023] Ann: Turn 1.",
    );
  });

  test("keeps entries whole and within the budget", () => {
    const long = turn(2, { text: "x".repeat(400) });
    const text = renderContext(ranked(turn(1), long, turn(3)), { maxTokens: 20 });
    expect(text).toBe("[7 May 2023] Ann: Turn 1.\n  Ann: Turn 3.");
    expect(renderContext(ranked(long), { maxTokens: 20 })).toBe("");
    expect(renderContext([], { maxTokens: 20 })).toBe("");
  });

  test("a reader who cuts a long text at 256 tokens has what a text of 256 tokens holds", () => {
    const turns = Array.from({ length: 60 }, (_, key) =>
      turn(key, { sessionKey: key % 7, text: `Turn ${key} ${"word ".repeat(12)}` }),
    );
    const short = renderContext(ranked(...turns), { maxTokens: 256 });
    const long = renderContext(ranked(...turns), { maxTokens: 2000 });
    expect(long.startsWith(`${short}\n`)).toBe(true);
    expect(long.length).toBeLessThanOrEqual(8000);
  });
});
