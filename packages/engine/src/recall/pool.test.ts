import {
  assert,
  constantFrom,
  integer,
  property,
  record,
  array,
  oneof,
  constant,
} from "fast-check";
import { expect, test } from "vitest";
import { analyze } from "./analyze.ts";
import { buildPool } from "./pool.ts";
import type { IndexedTurn, Pool } from "./pool.ts";
import { rankPool } from "./rank.ts";

const WORDS = ["tea", "lemon", "harbour", "dog", "paint", "lake", "May 2023", "I", "wow", "?"];
const QUESTIONS = [
  "Which tea with lemon?",
  "When did Ann paint the lake?",
  "What dog do I like now?",
  "harbour in May 2023",
];
/** Runs of the property; set higher by hand when the pool changes. */
const RUNS = 300;

const turns = record({
  key: integer({ min: 1, max: 40 }),
  text: array(constantFrom(...WORDS), { maxLength: 8 }).map((words) => words.join(" ")),
  speaker: constantFrom("Ann", "Bob", null),
});
/** A key always names the same place; what stands there may change, as after an edit. */
const toTurn = ({
  key,
  text,
  speaker,
}: {
  key: number;
  text: string;
  speaker: string | null;
}): IndexedTurn => ({
  key,
  sessionKey: key % 5,
  seq: Math.floor(key / 5) + 1,
  at: Date.UTC(2023, 4, 1) + (key % 5) * 20 * 86_400_000 + key * 60_000,
  speaker,
  role: key % 2 === 0 ? "user" : "assistant",
  terms: analyze(text),
  text,
});
const steps = array(
  oneof(
    record({ kind: constant("add" as const), turns: array(turns, { maxLength: 12 }) }),
    record({
      kind: constant("remove" as const),
      keys: array(integer({ min: 1, max: 40 }), { maxLength: 12 }),
    }),
  ),
  { maxLength: 12 },
);

const answers = (pool: Pool): unknown => QUESTIONS.map((question) => rankPool(question, pool));
const counts = (pool: Pool): unknown => ({
  size: pool.size,
  length: pool.averageLength,
  window: pool.averageWindow,
  session: pool.averageSession,
  speakers: [...pool.speakers].map(([term, names]) => [term, [...names]]),
  bytes: pool.bytes,
});

test("a pool whose turns came and went ranks like one built from what is left", () => {
  assert(
    property(steps, (sequence) => {
      const pool = buildPool([]);
      const kept = new Map<number, IndexedTurn>();
      for (const step of sequence)
        if (step.kind === "add") {
          const added = new Map(step.turns.map((turn) => [turn.key, toTurn(turn)]));
          pool.add([...added.values()]);
          for (const [key, turn] of added) kept.set(key, turn);
        } else {
          pool.remove(step.keys);
          for (const key of step.keys) kept.delete(key);
        }
      const rebuilt = buildPool([...kept.values()]);
      expect(counts(pool)).toEqual(counts(rebuilt));
      expect(answers(pool)).toEqual(answers(rebuilt));
    }),
    { numRuns: RUNS },
  );
});

test("holes that turns leave are closed", () => {
  const all = Array.from({ length: 1000 }, (_, key) =>
    toTurn({ key: key + 1, text: "tea and lemon", speaker: null }),
  );
  const pool = buildPool(all);
  pool.remove(all.slice(10).map(({ key }) => key));
  expect(pool.size).toBe(10);
  expect(pool.turns.length).toBeLessThan(500);
  expect(answers(pool)).toEqual(answers(buildPool(all.slice(0, 10))));
});
