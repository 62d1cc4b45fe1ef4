import { describe, expect, test } from "vitest";
import { excerpt } from "./excerpt.ts";

const FILLER = "Nothing of note took place there on that plain day.";
const page = (at: number, ...told: string[]): string =>
  [...Array<string>(at).fill(FILLER), ...told, ...Array<string>(40).fill(FILLER)].join(" ");
const WEIGHTS = new Map([
  ["hotel", 2],
  ["turin", 3],
]);

describe("excerpt", () => {
  test("a short text is shown whole", () => {
    expect(excerpt("Ann: The hotel in Turin.", "Ann", WEIGHTS)).toBe("Ann: The hotel in Turin.");
  });

  test("of a long text the part that is asked for is shown, with who said it and what follows", () => {
    const shown = excerpt(
      `Ann: ${page(30, "The Aurora is a hotel in Turin.", "It costs 90 euros.")}`,
      "Ann",
      WEIGHTS,
    );
    expect(shown).toContain("The Aurora is a hotel in Turin. It costs 90 euros.");
    expect(shown).toMatch(/^Ann: … .* …$/u);
    expect(shown.length).toBeLessThan(650);
  });

  test("a text that holds nothing of the question is shown from its start", () => {
    expect(excerpt(page(30), null, WEIGHTS)).toMatch(/^Nothing of note .* …$/u);
  });

  test("one endless word is cut", () => {
    expect(excerpt("x".repeat(5000), null, WEIGHTS).length).toBeLessThan(650);
  });

  test("the sentences of a page without blanks are found", () => {
    const shown = excerpt(
      `${"今天天气很好。".repeat(100)}我住在北京。${"今天天气很好。".repeat(100)}`,
      null,
      new Map([["北京", 1]]),
    );
    expect(shown).toContain("我住在北京。");
  });
});
