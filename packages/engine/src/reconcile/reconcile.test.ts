import { expect, test } from "vitest";
import type { Statement, StoredFact } from "../model/records.ts";
import { align, fold } from "./reconcile.ts";
import type { ChangeSet, Outcome } from "./reconcile.ts";

const DAY = 86_400_000;

let count = 0;

function statement(value: string, changes: Partial<Statement> = {}): Statement {
  return {
    id: `st_${(count += 1)}`,
    kind: "attribute",
    scopeSet: 1,
    entity: 1,
    key: "home_city",
    value,
    object: null,
    category: "identity",
    polarity: "affirm",
    confidence: 0.9,
    validFrom: DAY,
    validTo: null,
    at: 10 * DAY,
    source: { kind: "turn", turn: 1, role: "user", trust: 0.7, principal: "p" },
    labels: [],
    turn: 1,
    orderAt: 10 * DAY,
    origin: 1,
    held: false,
    ...changes,
  };
}

function run(
  live: readonly StoredFact[],
  statements: Statement[],
  at = 10 * DAY,
): ChangeSet & Outcome {
  const { facts, outcome } = fold(
    live.map(({ row: _, ...fact }) => fact),
    statements.map((item) => ({ ...item, at, orderAt: at })),
    { confidenceFloor: 0.7 },
  );
  return { ...outcome, ...align(live, facts, at) };
}

/** The rows that are live after a change. */
function applied(live: readonly StoredFact[], change: ChangeSet): StoredFact[] {
  return [
    ...live.filter((fact) => !change.close.includes(fact.row)),
    ...change.insert.map((fact, index) => ({ ...fact, row: 100 * (live.length + 1) + index })),
  ];
}

const first = (...assertions: Statement[]): StoredFact[] => applied([], run([], assertions));
const current = (facts: readonly StoredFact[]): string[] =>
  facts
    .filter((fact) => fact.kind !== "uncertainty" && fact.validTo === null)
    .map((fact) => fact.value);

const turn = (n: number) => ({
  kind: "turn" as const,
  turn: n,
  role: "user" as const,
  trust: 0.7,
  principal: "p",
});
const upsert = { kind: "upsert" as const, ref: "trace:t", trust: 0.95, principal: "p" };

test("a first statement creates one live fact", () => {
  expect(run([], [statement("Braga")]).created).toMatchObject([{ value: "Braga", validTo: null }]);
});

test("replaying a statement changes nothing", () => {
  expect(run(first(statement("Braga")), [statement(" BRAGA ")])).toMatchObject({
    close: [],
    insert: [],
  });
});

test("the same value from another turn adds its source and keeps one row", () => {
  const live = first(statement("Braga"));
  const after = applied(live, run(live, [statement("braga", { source: turn(2) })]));
  expect(after).toHaveLength(1);
  expect(after[0]?.sources).toHaveLength(2);
});

test("a new value supersedes, with half-open validity and a correction", () => {
  const live = first(statement("Braga"));
  const change = run(live, [statement("Porto", { validFrom: 5 * DAY, source: turn(2) })]);
  const after = applied(live, change);
  expect(current(after)).toEqual(["Porto"]);
  const [old, fresh] = [
    after.find((fact) => fact.value === "Braga"),
    after.find((fact) => fact.value === "Porto"),
  ];
  expect(old).toMatchObject({ validTo: 5 * DAY, supersededBy: fresh?.id });
  expect(fresh).toMatchObject({ validFrom: 5 * DAY, supersedes: old?.id });
  expect(change.corrections).toMatchObject([{ oldValue: "Braga", newValue: "Porto" }]);
});

test("what is said never changes what was decreed, in either order", () => {
  const said = statement("Braga");
  const decreed = statement("Lisbon", { source: upsert, confidence: 0.95 });
  for (const [a, b] of [
    [said, decreed],
    [decreed, said],
  ] as const) {
    const live = first(a);
    const change = run(live, [b]);
    expect(current(applied(live, change)).toSorted()).toEqual(["Braga", "Lisbon"]);
    expect(change.uncertainties).toHaveLength(1);
    expect(change.corrections).toEqual([]);
  }
});

test.each([
  ["below the floor", 0.6, 0.5],
  ["below the live row", 0.8, 0.9],
])("a contradiction %s stays beside it as an uncertainty", (_, confidence, existing) => {
  const live = first(statement("Braga", { confidence: existing }));
  const change = run(live, [statement("Porto", { confidence, validFrom: 2 * DAY })]);
  expect(current(applied(live, change)).toSorted()).toEqual(["Braga", "Porto"]);
  expect(change).toMatchObject({ corrections: [], uncertainties: [{ key: "home_city" }] });
});

test("several likes live side by side, and context keys hold several values", () => {
  const likes = [statement("tea", { key: "likes" }), statement("coffee", { key: "likes" })];
  expect(current(first(...likes))).toEqual(["tea", "coffee"]);
  const mood = [
    statement("tired", { key: "mood", category: "context" }),
    statement("glad", { key: "mood", category: "context" }),
  ];
  expect(current(first(...mood))).toEqual(["tired", "glad"]);
});

test("a negation closes what it names and nothing else", () => {
  const live = first(statement("tea", { key: "likes" }), statement("coffee", { key: "likes" }));
  const change = run(live, [
    statement("tea", { key: "likes", polarity: "negate", validFrom: 3 * DAY }),
  ]);
  expect(current(applied(live, change))).toEqual(["coffee"]);
});

test("a negation without a value ends whatever holds the key", () => {
  const live = first(statement("Nimbus", { key: "employer" }));
  expect(
    current(applied(live, run(live, [statement("", { key: "employer", polarity: "negate" })]))),
  ).toEqual([]);
});

test("an older truth becomes history, not the present", () => {
  const live = first(statement("Porto", { validFrom: 5 * DAY }));
  const after = applied(live, run(live, [statement("Braga", { validFrom: DAY })]));
  expect(current(after)).toEqual(["Porto"]);
  expect(after.find((fact) => fact.value === "Braga")).toMatchObject({ validTo: 5 * DAY });
});

test("an instruction of the same label replaces the old one", () => {
  const instruction = (value: string, n: number): Statement =>
    statement(value, {
      kind: "instruction",
      entity: null,
      key: "language",
      source: turn(n),
      validFrom: n * DAY,
    });
  const live = first(instruction("Answer in French.", 1));
  expect(current(applied(live, run(live, [instruction("Answer in German.", 2)])))).toEqual([
    "Answer in German.",
  ]);
});

test("a value that is stated again at an earlier place does not take over the later one's row", () => {
  const options = { confidenceFloor: 0.7 };
  const braga = statement("Braga", { id: "st_b", orderAt: 2, validFrom: 2 });
  const lisbon = statement("Lisbon", { id: "st_l", orderAt: 3, validFrom: 3, source: turn(3) });
  const live = applied([], align([], fold([], [braga, lisbon], options).facts, 3));
  const earlier = statement("Lisbon", { id: "st_e", orderAt: 1, validFrom: 1, source: turn(1) });
  const { facts } = fold([], [earlier, braga, lisbon], options);
  const after = applied(live, align(live, facts, 4));
  expect(new Set(after.map(({ id }) => id)).size).toBe(3);
  const last = after.find(({ validTo }) => validTo === null);
  expect(last).toMatchObject({ id: "attr_l", value: "Lisbon", validFrom: 3 });
  expect(after.find(({ value }) => value === "Braga")).toMatchObject({
    supersededBy: "attr_l",
    supersedes: "attr_e",
  });
});
