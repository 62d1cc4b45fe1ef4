import { expect, test } from "vitest";
import { inverseFrequency, rankByTerms, rarestTerms } from "./match-terms.ts";
import type { TurnRecord } from "../model/records.ts";

const turn = (key: number, terms: string): TurnRecord => ({ key, terms }) as TurnRecord;

test("the rarest terms choose the candidates, as many as fit, one at least, unknown ones never", () => {
  const held = new Map([
    ["week", 900_000],
    ["river", 15_000],
    ["lantern", 3],
    ["garden", 4000],
    ["nothing", 0],
  ]);
  expect(rarestTerms(["week", "river", "lantern", "garden", "nothing"], held)).toEqual([
    "lantern",
    "garden",
    "river",
  ]);
  expect(rarestTerms(["week"], held)).toEqual(["week"]);
  expect(rarestTerms(["nothing"], held)).toEqual([]);
});

test("all terms rank the candidates: a rare word counts more than a common one, both more than either", () => {
  const counts = {
    turns: 1000,
    averageLength: 3,
    held: new Map([
      ["week", 900],
      ["lantern", 3],
    ]),
  };
  expect(inverseFrequency("lantern", counts)).toBeGreaterThan(inverseFrequency("week", counts));
  const ranked = rankByTerms(
    [turn(1, "week x y"), turn(2, "lantern x y"), turn(3, "week lantern y"), turn(4, "week x y")],
    ["week", "lantern"],
    counts,
    { limit: 3 },
  );
  expect(ranked.map(({ key }) => key)).toEqual([3, 2, 1]);
});
