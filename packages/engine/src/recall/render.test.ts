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
  turns.map((item, at) => ({ turn: item, score: 1 - at / 100, signals: {} }));

describe("renderTurn", () => {
  test("names the speaker once, and the role where nobody is named", () => {
    expect(renderTurn(turn(1))).toBe("[7 May 2023] Ann: Turn 1.");
    expect(renderTurn(turn(1, { text: "Ann: Turn 1." }))).toBe("[7 May 2023] Ann: Turn 1.");
    expect(renderTurn(turn(1, { speaker: null }))).toBe("[7 May 2023] user: Turn 1.");
  });

  test("is one line, and takes the session's date when it is given", () => {
    const sessionDate = Date.UTC(2023, 11, 31, 23);
    expect(renderTurn(turn(1, { text: "One\n\n### two" }), { sessionDate })).toBe(
      "[31 December 2023] Ann: One ### two",
    );
  });
});

describe("renderContext", () => {
  test("writes one date for each session, the best session first, its turns in order", () => {
    const other = { sessionKey: 2, at: Date.UTC(2023, 3, 1) };
    expect(renderContext(ranked(turn(3), turn(1, other), turn(2)), { maxTokens: 100 })).toBe(
      "### 7 May 2023\nAnn: Turn 2.\nAnn: Turn 3.\n### 1 April 2023\nAnn: Turn 1.",
    );
  });

  test("keeps entries whole and within the budget", () => {
    const long = turn(2, { text: "x".repeat(400) });
    const text = renderContext(ranked(turn(1), long, turn(3)), { maxTokens: 20 });
    expect(text).toBe("### 7 May 2023\nAnn: Turn 1.\nAnn: Turn 3.");
    expect(renderContext(ranked(long), { maxTokens: 20 })).toBe("");
    expect(renderContext([], { maxTokens: 20 })).toBe("");
  });
});
