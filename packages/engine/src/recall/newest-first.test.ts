import { describe, expect, test } from "vitest";
import { analyze } from "./analyze.ts";
import { newestFirst } from "./newest-first.ts";
import { buildPool } from "./pool.ts";
import type { Placed } from "./rank.ts";

interface Said {
  key: number;
  score: number;
  text: string;
  speaker?: string;
}

/** Hits in the given order, each of a session of its own; a higher key was said later. */
function ranking(...said: Said[]): Placed[] {
  const pool = buildPool(
    said.map(({ key, text, speaker = "Ann" }) => ({
      key,
      sessionKey: key,
      seq: 1,
      at: key * 1000,
      speaker,
      role: "user",
      terms: analyze(text),
      text,
    })),
  );
  return said.flatMap(({ key, score }) => {
    const entry = pool.get(key);
    return entry === undefined ? [] : [{ entry, score, signals: {} }];
  });
}

const asked = (question: string, isPresent = true): { terms: string[]; isPresent: boolean } => ({
  terms: analyze(question),
  isPresent,
});
const order = (ranked: Placed[], question = "work", isPresent = true): number[] =>
  newestFirst(ranked, asked(question, isPresent), () => 1).map(({ entry }) => entry.turn.key);

const ACME = { key: 1, score: 0.9, text: "I work at Acme." };
const GLOBEX = { key: 5, score: 0.8, text: "I work at Globex." };

describe("newestFirst", () => {
  test("the newest of similar hits takes the best place, and scores stay with their places", () => {
    expect(newestFirst(ranking(ACME, GLOBEX), asked("work"), () => 1)).toMatchObject([
      { entry: { turn: { key: 5 } }, score: 0.9 },
      { entry: { turn: { key: 1 } }, score: 0.8 },
    ]);
  });

  test("a question about the past leaves the ranking as it is", () => {
    expect(order(ranking(ACME, GLOBEX), "work", false)).toEqual([1, 5]);
  });

  test.each([
    ["of somebody else", { ...GLOBEX, speaker: "Bob" }],
    ["far below the best", { ...GLOBEX, score: 0.2 }],
    ["that only asks", { ...GLOBEX, text: "Do you work at Globex?" }],
    ["about something else", { ...GLOBEX, text: "The harbour was cold." }],
  ])("a newer hit %s stays where it is", (_, newer) => {
    expect(order(ranking(ACME, newer))).toEqual([1, 5]);
  });

  test("what matches little of the question is not the same matter", () => {
    const ranked = ranking(
      { key: 1, score: 0.9, text: "Ten friends sing." },
      { key: 5, score: 0.8, text: "Many friends paint." },
    );
    expect(order(ranked, "friends group choir")).toEqual([1, 5]);
  });

  test("an empty ranking stays empty", () => {
    expect(order([])).toEqual([]);
  });
});
