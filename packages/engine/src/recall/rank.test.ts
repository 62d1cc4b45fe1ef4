import { describe, expect, test } from "vitest";
import { analyze } from "./analyze.ts";
import type { IndexedTurn } from "./pool.ts";
import { buildPool, rankPool } from "./rank.ts";

const turn = (key: number, text: string, more: Partial<IndexedTurn> = {}): IndexedTurn => ({
  key,
  sessionKey: 1,
  seq: key,
  at: Date.UTC(2024, 0, 1) + key * 60_000,
  speaker: null,
  role: "user",
  terms: analyze(text),
  text,
  ...more,
});

const texts = (question: string, turns: IndexedTurn[]): string[] =>
  rankPool(question, buildPool(turns)).map((hit) => hit.turn.text);

describe("rankPool", () => {
  test("gives nothing for an empty pool, an empty question, and a question without a match", () => {
    expect(texts("tea", [])).toEqual([]);
    expect(texts("", [turn(1, "I drink tea.")])).toEqual([]);
    expect(texts("   ?!", [turn(1, "I drink tea.")])).toEqual([]);
    expect(texts("submarine", [turn(1, "I drink tea.")])).toEqual([]);
  });

  test("breaks ties by key, whatever the order of the pool", () => {
    const turns = [30, 10, 20].map((key) => turn(key, "I drink tea.", { sessionKey: key, seq: 1 }));
    const keys = (pool: IndexedTurn[]): number[] =>
      rankPool("tea", buildPool(pool)).map((hit) => hit.turn.key);
    expect(keys(turns)).toEqual([10, 20, 30]);
    expect(keys(turns.toReversed())).toEqual([10, 20, 30]);
  });

  test("scores never rise along the ranking, also where the newest goes first", () => {
    const turns = [
      turn(1, "My favourite tea is green tea, tea, tea."),
      ...Array.from({ length: 8 }, (_, at) => turn(10 + at, `Remark ${at} on plain weather.`)),
      turn(40, "My favourite tea is black."),
    ];
    const scores = rankPool("What is my favourite tea now?", buildPool(turns)).map(
      (hit) => hit.score,
    );
    expect(scores.length).toBeGreaterThan(1);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  test("keeps to the limit and to fifty without one", () => {
    const turns = Array.from({ length: 80 }, (_, key) => turn(key, `Tea number ${key}.`));
    expect(rankPool("tea", buildPool(turns), { limit: 3 })).toHaveLength(3);
    expect(rankPool("tea", buildPool(turns))).toHaveLength(50);
  });

  test("counts given for all that may be read decide what is rare", () => {
    const turns = [
      turn(1, "A common walnut.", { sessionKey: 1 }),
      turn(9, "A seldom pecan.", { sessionKey: 2 }),
    ];
    const first = (rare: string, frequent: string): string | undefined =>
      rankPool("walnut or pecan", buildPool(turns), {
        statistics: {
          turns: 1000,
          averageLength: 2,
          documentFrequency: new Map([
            [rare, 1],
            [frequent, 900],
          ]),
        },
      })[0]?.turn.text;
    expect(first("walnut", "pecan")).toBe("A common walnut.");
    expect(first("pecan", "walnut")).toBe("A seldom pecan.");
  });

  test("a question of nothing but a speaker's name finds what mentions it", () => {
    const turns = [
      turn(1, "The harbour was cold.", { speaker: "Bob" }),
      turn(2, "Bob bakes bread.", { speaker: "Ann" }),
    ];
    expect(texts("Bob?", turns)).toContain("Bob bakes bread.");
  });

  test("yesterday is the day before the moment of asking", () => {
    const turns = [3, 13].map((day) =>
      turn(day, "The harbour was cold.", { sessionKey: day, at: Date.UTC(2024, 2, day, 9) }),
    );
    const first = (day: number): number | undefined =>
      rankPool("Which harbour was cold yesterday?", buildPool(turns), {
        now: Date.UTC(2024, 2, day, 20),
      })[0]?.turn.key;
    expect(first(4)).toBe(3);
    expect(first(14)).toBe(13);
  });

  test.each([
    ["Chinese", "谁住在北京？", "我现在住在北京。", "我喜欢喝绿茶。"],
    ["Japanese", "東京に住んでいますか", "私は東京に住んでいます。", "緑茶が好きです。"],
    ["Arabic", "أين القاهرة؟", "أعيش في القَاهِرة.", "أحب الشاي."],
    ["Arabic without the article", "مدرسة", "المدرسة قريبة.", "أحب الشاي."],
    [
      "German",
      "Straße in Köln",
      "Ich wohne in einer STRASSE in Koeln, also Köln.",
      "Ich trinke Tee.",
    ],
    ["Russian", "Москва", "Я люблю город Москва.", "Я пью чай."],
  ])("finds the turn in %s", (_, question, wanted, other) => {
    expect(texts(question, [turn(1, other), turn(9, wanted, { sessionKey: 2 })])[0]).toBe(wanted);
  });

  test("does not move with the order of the pool", () => {
    const turns = Array.from({ length: 60 }, (_, key) =>
      turn(key, `Tea ${key % 7} with lemon ${key % 5}.`, { sessionKey: key % 4, seq: key }),
    );
    const shuffled = turns.toSorted((a, b) => ((a.key * 37) % 61) - ((b.key * 37) % 61));
    expect(rankPool("tea 3 with lemon", buildPool(shuffled))).toEqual(
      rankPool("tea 3 with lemon", buildPool(turns)),
    );
  });
});
