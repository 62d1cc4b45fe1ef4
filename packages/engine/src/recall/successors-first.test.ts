import { describe, expect, test } from "vitest";
import { analyze } from "./analyze.ts";
import { buildPool, rankPool } from "./rank.ts";
import type { Supersession } from "./rank.ts";

const pool = buildPool(
  ["I live in Porto with my dog Rex.", "Rain again today.", "Lisbon is my home since June."].map(
    (text, at) => ({
      key: at + 1,
      sessionKey: at + 1,
      seq: 1,
      at: Date.UTC(2023, 4 + at, 7),
      speaker: null,
      role: "user",
      terms: analyze(text),
      text,
    }),
  ),
);
const moved: Supersession = {
  old: 1,
  successor: 3,
  terms: new Set(analyze("home city live town Porto Lisbon")),
};
const ask = (question: string, superseded: Supersession[]): [number, boolean][] =>
  rankPool(question, pool, { superseded }).map(({ turn, isSuperseded }) => [
    turn.key,
    isSuperseded === true,
  ]);

describe("what has been replaced", () => {
  test("stands below what replaced it, even where the successor shares no word with the question", () => {
    expect(ask("Which town did I live in?", []).map(([key]) => key)).toEqual([1]);
    expect(ask("Which town did I live in?", [moved])).toEqual([
      [3, false],
      [1, true],
    ]);
  });

  test("stays where it is for a question about something else in the same turn", () => {
    expect(ask("What is the dog called?", [moved])).toEqual([[1, false]]);
  });

  test("scores never rise along the ranking", () => {
    const scores = rankPool("Did I live in Porto?", pool, { superseded: [moved] }).map(
      ({ score }) => score,
    );
    expect(scores.toSorted((a, b) => b - a)).toEqual(scores);
  });

  test("a circle of replacements ends", () => {
    const back = { ...moved, old: 3, successor: 1 };
    expect(
      ask("Did I live in Porto?", [moved, back])
        .map(([key]) => key)
        .toSorted((a, b) => a - b),
    ).toEqual([1, 3]);
  });
});
