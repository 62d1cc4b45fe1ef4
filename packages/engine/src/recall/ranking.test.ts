import { describe, expect, test } from "vitest";
import { analyze } from "./analyze.ts";
import { buildPool } from "./pool.ts";
import type { IndexedTurn } from "./pool.ts";
import { rankPool } from "./rank.ts";
import { renderContext, renderTurn } from "./render.ts";

const DAY = 86_400_000;
const START = Date.UTC(2023, 4, 7);

/** Turns of one session, `Name: text` each; the next session starts 40 days later. */
function conversation(...sessions: string[][]): IndexedTurn[] {
  return sessions.flatMap((lines, session) =>
    lines.map((line, index) => {
      const [speaker = "", ...rest] = line.split(": ");
      return {
        key: session * 1000 + index,
        sessionKey: session,
        seq: index + 1,
        at: START + session * 40 * DAY + index * 30_000,
        speaker,
        role: "user",
        terms: analyze(rest.join(": ")),
        text: line,
      };
    }),
  );
}

const ask = (question: string, turns: IndexedTurn[], limit = 3): string[] =>
  rankPool(question, buildPool(turns), { limit }).map((hit) => hit.turn.text);

const filler = Array.from({ length: 20 }, (_, index) => `Ann: Weather number ${index} was fine.`);

describe("ranking", () => {
  test("finds other forms of a word", () => {
    expect(
      ask("Who painted a lake?", conversation([...filler, "Ann: I love painting lakes."]))[0],
    ).toBe("Ann: I love painting lakes.");
  });

  test("finds the answer that follows a question and shares no word with it", () => {
    const turns = conversation([
      ...filler,
      "Ann: Which instrument do you play?",
      "Bob: The clarinet, since school.",
    ]);
    expect(ask("What instrument does Bob play?", turns, 2)).toContain(
      "Bob: The clarinet, since school.",
    );
  });

  test("prefers the person asked about", () => {
    const turns = conversation([
      ...filler,
      "Ann: I adopted a dog.",
      "Ann: Fine.",
      "Ann: So.",
      "Bob: I adopted a dog.",
    ]);
    expect(ask("Did Bob adopt a dog?", turns)[0]).toBe("Bob: I adopted a dog.");
    expect(ask("Did Ann adopt a dog?", turns)[0]).toBe("Ann: I adopted a dog.");
  });

  test("prefers the month asked about", () => {
    const turns = conversation(["Ann: We hiked the hills."], ["Ann: We hiked the hills."]);
    const best = rankPool("Where did we hike in June 2023?", buildPool(turns))[0];
    expect(best?.turn.sessionKey).toBe(1);
    expect(rankPool("Where did we hike on 7 May 2023?", buildPool(turns))[0]?.turn.sessionKey).toBe(
      0,
    );
  });

  test("puts the newest of similar hits first only where the present is asked for", () => {
    const turns = conversation(
      ["Ann: My favourite tea is green tea."],
      ["Ann: My favourite tea is black tea."],
    );
    expect(ask("What is Ann's favourite tea now?", turns)[0]).toContain("black");
    expect(ask("What was Ann's favourite tea?", turns)[0]).toContain("green");
  });

  test("is deterministic, bounded, and empty where nothing fits", () => {
    const turns = conversation(filler);
    expect(ask("weather", turns, 5)).toEqual(ask("weather", turns.toReversed(), 5));
    expect(ask("weather", turns, 5)).toHaveLength(5);
    expect(ask("submarine", turns)).toEqual([]);
    expect(ask("weather", [])).toEqual([]);
    expect(ask("the of and", turns)).toEqual([]);
  });

  test("tells what each signal gave", () => {
    const hits = rankPool("weather number 7", buildPool(conversation(filler)), { limit: 2 });
    const shares = hits.map(
      (hit) => hit.score / Object.values(hit.signals).reduce((all, value) => all + value, 0),
    );
    expect(hits[0]?.signals["window"]).toBeGreaterThan(0);
    expect(shares[0]).toBeCloseTo(shares[1] ?? 0, 10);
  });
});

describe("index terms", () => {
  test.each([
    ["She went running, and bought two mice!", ["go", "run", "bui", "two", "mous"]],
    ["Ann's café", ["ann", "cafe"]],
    ["Ich wohne in Köln", ["ich", "wohn", "koln"]],
    ["أنا أعيش في القاهرة", ["انا", "اعيش", "في", "قاهر"]],
    ["", []],
  ])("of %j", (text, terms) => {
    expect(analyze(text).map((term) => term.replaceAll("ة", "ه"))).toEqual(terms);
  });

  test("Chinese is cut into words", () => {
    expect(analyze("我住在北京").length).toBeGreaterThan(1);
    const turns = conversation(["李: 我住在北京。", "王: 我喜欢喝茶。"]);
    expect(ask("谁住在北京？", turns)[0]).toBe("李: 我住在北京。");
  });
});

test("hits and context keep who and when", () => {
  const turns = conversation(["Ann: I adopted a dog.", "Bob: Nice dog."]);
  const ranked = rankPool("dog", buildPool(turns));
  expect(ranked.map(renderTurn)[0]).toBe("[7 May 2023] Ann: I adopted a dog.");
  expect(renderContext(ranked, { maxTokens: 100 })).toBe(
    "[7 May 2023] Ann: I adopted a dog.\n  Bob: Nice dog.",
  );
  expect(renderContext(ranked, { maxTokens: 1 })).toBe("");
});
