import { describe, expect, test } from "vitest";
import { analyze } from "./analyze.ts";
import type { IndexedTurn } from "./pool.ts";
import { buildPool, rankPool } from "./rank.ts";
import { WEIGHTS } from "./weights.ts";
import type { Weights } from "./weights.ts";

const DAY = 86_400_000;
const START = Date.UTC(2023, 4, 7, 12);

/** Sessions of `Name: text` lines, forty days apart. */
function conversation(sessions: readonly (readonly string[])[]): IndexedTurn[] {
  return sessions.flatMap((lines, session) =>
    lines.map((text, index) => {
      const [speaker = "", body = ""] = text.split(": ");
      return {
        key: session * 1000 + index,
        sessionKey: session,
        seq: index + 1,
        at: START + session * 40 * DAY + index * 30_000,
        speaker,
        role: "user",
        terms: analyze(body),
        text,
      };
    }),
  );
}

const noise = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, index) => `Ann: Remark number ${index} concerned plain weather.`,
  );

/** How much better the first text ranks than the second, by score; absent turns score 0. */
function lead(
  question: string,
  turns: IndexedTurn[],
  [wanted, other]: readonly [string, string],
  weights: Readonly<Weights> = WEIGHTS,
): number {
  const ranked = rankPool(question, buildPool(turns), { weights });
  const score = (text: string): number => ranked.find((hit) => hit.turn.text === text)?.score ?? 0;
  return score(wanted) - score(other);
}

interface Case {
  signal: keyof Weights;
  question: string;
  sessions: string[][];
  /** The wanted turn, then one whose distance to it shrinks once the signal is off. */
  pair: [string, string];
}

const cases: Case[] = [
  {
    signal: "window",
    question: "Which violin teacher came?",
    sessions: [
      ["Ann: Violin violin.", ...noise(6), "Ann: That teacher came with a violin."],
      noise(6),
    ],
    pair: ["Ann: That teacher came with a violin.", "Ann: Violin violin."],
  },
  {
    signal: "session",
    question: "What about the marathon medal?",
    sessions: [
      [...noise(6), "Ann: Marathon training was hard today."],
      [
        "Bob: One medal hangs in my kitchen.",
        ...noise(6),
        "Bob: Marathon training was hard today.",
        ...noise(2),
      ],
    ],
    pair: ["Bob: Marathon training was hard today.", "Ann: Marathon training was hard today."],
  },
  {
    signal: "date",
    question: "Where was the hike in June 2023?",
    sessions: [
      [...noise(3), "Ann: Our hike crossed hills."],
      [...noise(3), "Bob: Our hike crossed hills."],
    ],
    pair: ["Bob: Our hike crossed hills.", "Ann: Our hike crossed hills."],
  },
  {
    signal: "answered",
    question: "Which instrument was picked?",
    sessions: [
      [
        ...noise(6),
        "Ann: Which instrument did they pick?",
        "Bob: Some clarinet, apparently made of wood.",
        ...noise(6),
        "Ann: They picked that instrument.",
        "Bob: Some drum, apparently made of wood.",
        ...noise(6),
      ],
    ],
    pair: [
      "Bob: Some clarinet, apparently made of wood.",
      "Bob: Some drum, apparently made of wood.",
    ],
  },
  {
    signal: "twoBack",
    question: "What about gardening?",
    sessions: [
      [
        "Ann: Gardening fills every evening.",
        "Bob: Sounds tiring, honestly speaking.",
        "Ann: Gardening tools cost plenty money.",
        ...noise(6),
        "Cy: Gardening tools cost plenty money.",
        ...noise(3),
      ],
    ],
    pair: ["Ann: Gardening tools cost plenty money.", "Cy: Gardening tools cost plenty money."],
  },
  {
    signal: "previous",
    question: "What about gardening?",
    sessions: [
      [
        ...noise(6),
        "Ann: Gardening fills every evening.",
        "Bob: Those tools cost plenty money.",
        ...noise(6),
      ],
    ],
    pair: ["Ann: Gardening fills every evening.", "Bob: Those tools cost plenty money."],
  },
  {
    signal: "feedback",
    question: "Was there a pottery class?",
    sessions: [
      [
        ...noise(5),
        "Ann: That pottery class used clay kilns and glaze.",
        ...noise(5),
        "Ann: Clay kilns and glaze need one class.",
        ...noise(5),
        "Bob: Maths books and chalk need one class.",
        ...noise(5),
      ],
    ],
    pair: [
      "Ann: Clay kilns and glaze need one class.",
      "Bob: Maths books and chalk need one class.",
    ],
  },
  {
    signal: "speaker",
    question: "Did Bob adopt some dog?",
    sessions: [
      [...noise(5), "Bob: Adopted some lovely dog.", ...noise(5), "Ann: Adopted some lovely dog."],
    ],
    pair: ["Bob: Adopted some lovely dog.", "Ann: Adopted some lovely dog."],
  },
  {
    signal: "spoke",
    question: "Did Bob adopt some dog?",
    sessions: [
      [...noise(5), "Bob: Adopted some lovely dog.", ...noise(5), "Ann: Adopted some lovely dog."],
    ],
    pair: ["Bob: Adopted some lovely dog.", "Ann: Adopted some lovely dog."],
  },
  {
    signal: "grams",
    question: "What about the photographer exhibition?",
    sessions: [
      [
        ...noise(5),
        "Ann: Our exhibition showed photographs everywhere.",
        ...noise(5),
        "Bob: Our exhibition showed marmalade everywhere.",
        ...noise(5),
      ],
    ],
    pair: [
      "Ann: Our exhibition showed photographs everywhere.",
      "Bob: Our exhibition showed marmalade everywhere.",
    ],
  },
  {
    signal: "time",
    question: "When did the concert happen?",
    sessions: [
      [
        ...noise(5),
        "Ann: That concert happened yesterday [6 May 2023].",
        ...noise(5),
        "Bob: That concert happened somewhere [inside the old barn].",
        ...noise(5),
      ],
    ],
    pair: [
      "Ann: That concert happened yesterday [6 May 2023].",
      "Bob: That concert happened somewhere [inside the old barn].",
    ],
  },
  {
    signal: "praise",
    question: "What about gardening?",
    sessions: [
      [
        ...noise(5),
        "Ann: Tedious gardening fills every evening.",
        ...noise(5),
        "Bob: Awesome gardening fills every evening.",
        ...noise(5),
      ],
    ],
    pair: [
      "Ann: Tedious gardening fills every evening.",
      "Bob: Awesome gardening fills every evening.",
    ],
  },
  {
    signal: "question",
    question: "What about gardening?",
    sessions: [
      [
        ...noise(5),
        "Ann: Gardening fills every evening.",
        ...noise(5),
        "Bob: Gardening fills every evening?",
        ...noise(5),
      ],
    ],
    pair: ["Ann: Gardening fills every evening.", "Bob: Gardening fills every evening?"],
  },
  {
    signal: "firstPerson",
    question: "What about gardening?",
    sessions: [
      [
        ...noise(5),
        "Ann: Gardening fills my every evening.",
        ...noise(5),
        "Bob: Gardening fills their every evening.",
        ...noise(5),
      ],
    ],
    pair: ["Ann: Gardening fills my every evening.", "Bob: Gardening fills their every evening."],
  },
];

describe("signals", () => {
  test("every signal has a case here", () => {
    expect(new Set(cases.map(({ signal }) => signal))).toEqual(new Set(Object.keys(WEIGHTS)));
  });

  test.each(cases)("$signal puts the wanted turn ahead", ({ signal, question, sessions, pair }) => {
    const turns = conversation(sessions);
    const whole = lead(question, turns, pair);
    const without = lead(question, turns, pair, { ...WEIGHTS, [signal]: 0 });
    expect(whole).toBeGreaterThan(0);
    expect(whole - without).toBeGreaterThan(0.001);
  });

  test("a question in the first person is about the user, and one about advice is about the assistant", () => {
    const turns = conversation([
      [...noise(5), "A: Tea with lemon.", ...noise(5), "B: Tea with lemon."],
    ]);
    const chat = turns.map((turn) => ({
      ...turn,
      speaker: null,
      role: turn.text.startsWith("B") ? ("assistant" as const) : ("user" as const),
    }));
    const first = (question: string): string | undefined =>
      rankPool(question, buildPool(chat))[0]?.turn.role;
    expect(first("How do I take my tea with lemon?")).toBe("user");
    expect(first("Which tea with lemon did you recommend to me?")).toBe("assistant");
  });

  test("words typed wrong still find their turn among those of the session", () => {
    const turns = conversation([[...noise(5), "Ann: Our trip crossed Liechtenstein."]]);
    const hit = rankPool("trip Lichtenstein", buildPool(turns))[0];
    expect(hit?.signals.grams).toBeCloseTo(WEIGHTS.grams / 20, 10);
  });
});
