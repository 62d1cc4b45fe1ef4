import { expect, test } from "vitest";
import { analyze } from "./analyze.ts";

test.each([
  ["stop words leave", "what did you do with the thing, may I ask", ["thing", "ask"]],
  [
    "suffixes and irregular forms meet",
    "swam swimming swims swum",
    ["swim", "swim", "swim", "swim"],
  ],
  ["apostrophes end a word", "Ann’s I'm they've don't", ["ann"]],
  ["elided articles and prefixes leave", "l'amour d'Anna", ["amour", "anna"]],
  ["accents, ligatures and wide letters fold", "Café ﬁsh Ｔｅａ", ["cafe", "fish", "tea"]],
  ["sharp s is two", "Straße STRASSE", ["strass", "strass"]],
  ["numbers stay", "on 7 May 2023", ["7", "2023"]],
  ["vowel marks and the article leave Arabic words", "القَاهِرة", ["قاهر"]],
  ["nothing gives nothing", " \n…", []],
])("%s", (_, text, terms) => {
  expect(analyze(text)).toEqual(terms);
});

test("a longer word without blanks also gives its pairs", () => {
  const terms = analyze("北京大学");
  expect(terms.some((term) => term.includes("北京"))).toBe(true);
});
