import { describe, expect, test } from "vitest";
import { buildPool } from "./pool.ts";
import { readQuestion } from "./question.ts";

const pool = buildPool([
  {
    key: 1,
    sessionKey: 1,
    seq: 1,
    at: 0,
    speaker: "Ann Lee",
    role: "user",
    terms: [],
    text: "",
  },
]);
const NOW = Date.UTC(2024, 0, 1, 9);

describe("readQuestion", () => {
  test("a speaker's name is whom the question is about, not a term", () => {
    const question = readQuestion("Where did Ann's sister swim?", pool);
    expect(question.terms).toEqual(["sister", "swim"]);
    expect([...question.about]).toEqual(["Ann Lee"]);
  });

  test.each([
    ["on 7 May 2023", [{ year: 2023, month: 5, day: 7 }]],
    ["on May 7th, 2023?", [{ year: 2023, month: 5, day: 7 }]],
    ["on the 3rd of April", [{ month: 4, day: 3 }]],
    ["2023-11-02", [{ year: 2023, month: 11, day: 2 }]],
    ["in Sept. 2022", [{ year: 2022, month: 9 }]],
    ["in March", [{ month: 3 }]],
    ["June, perhaps", [{ month: 6 }]],
    [
      "between 7 May and 9 June 2023",
      [
        { month: 5, day: 7 },
        { year: 2023, month: 6, day: 9 },
      ],
    ],
    ["yesterday", [{ year: 2023, month: 12, day: 31 }]],
    ["last month", [{ year: 2023, month: 12 }]],
    ["How may I march on?", []],
    ["2023-19-02", []],
  ])("dates of %j", (text, dates) => {
    expect(readQuestion(text, pool, NOW).dates).toEqual(dates);
  });

  test.each([
    ["When did it start?", true],
    ["How long has it run?", true],
    ["What year was that?", true],
    ["Where did it start?", false],
  ])("%j asks for a time: %s", (text, expected) => {
    expect(readQuestion(text, pool).asksWhen).toBe(expected);
  });

  test.each([
    ["Do I still like tea?", true],
    ["What is my current job?", true],
    ["Where do I live now?", true],
    ["Does Ann smoke anymore?", true],
    ["What did I know in May 2023, the latest?", false],
    ["Where did I live?", false],
  ])("%j speaks of the present: %s", (text, expected) => {
    expect(readQuestion(text, pool).isPresent).toBe(expected);
  });

  test("words of the present are no terms", () => {
    expect(readQuestion("What is my current job now?", pool).terms).toEqual(["job"]);
  });
});
