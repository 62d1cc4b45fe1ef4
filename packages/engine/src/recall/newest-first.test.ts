import { describe, expect, test } from "vitest";
import { analyze } from "./analyze.ts";
import { newestFirst } from "./newest-first.ts";
import type { RankedTurn } from "./rank.ts";

const hit = (key: number, score: number, text: string, speaker = "Ann"): RankedTurn => ({
  turn: {
    key,
    sessionKey: key,
    seq: 1,
    at: key * 1000,
    speaker,
    role: "user",
    terms: analyze(text),
    text,
  },
  score,
  signals: {},
});
const order = (ranked: RankedTurn[], question = "work"): number[] =>
  newestFirst(ranked, analyze(question), () => 1).map(({ turn }) => turn.key);

describe("newestFirst", () => {
  test("the newest of similar hits takes the best place, and scores stay with their places", () => {
    const ranked = [hit(1, 0.9, "I work at Acme."), hit(5, 0.8, "I work at Globex.")];
    expect(newestFirst(ranked, ["work"], () => 1)).toMatchObject([
      { turn: { key: 5 }, score: 0.9 },
      { turn: { key: 1 }, score: 0.8 },
    ]);
  });

  test.each([
    ["of somebody else", hit(5, 0.8, "I work at Globex.", "Bob")],
    ["far below the best", hit(5, 0.2, "I work at Globex.")],
    ["that only asks", hit(5, 0.8, "Do you work at Globex?")],
    ["about something else", hit(5, 0.8, "The harbour was cold.")],
  ])("a newer hit %s stays where it is", (_, newer) => {
    expect(order([hit(1, 0.9, "I work at Acme."), newer])).toEqual([1, 5]);
  });

  test("what matches little of the question is not the same matter", () => {
    const ranked = [hit(1, 0.9, "Ten friends sing."), hit(5, 0.8, "Many friends paint.")];
    expect(order(ranked, "friends group choir")).toEqual([1, 5]);
  });

  test("an empty ranking stays empty", () => {
    expect(order([])).toEqual([]);
  });
});
