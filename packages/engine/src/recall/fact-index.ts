import { isAuthoritative } from "../model/records.ts";
import type { Instant, StoredFact } from "../model/records.ts";
import { analyze } from "./analyze.ts";
import type { Supersession } from "./successors-first.ts";

/** What people ask with when they mean a key whose name they do not know. */
const GLOSS: Readonly<Record<string, string>> = {
  home_city: "live living city town place home reside",
  home_country: "live country home",
  hometown: "from born grew hometown",
  employer: "work working company employer employed job",
  job_title: "job work profession occupation role title",
  name: "name called who",
  birthday: "birthday born date",
  age: "old age",
  likes: "like likes love enjoy favourite favorite prefer preference",
  dislikes: "dislike hate avoid",
  allergies: "allergy allergic",
  diet: "diet eat food vegetarian vegan",
  pets: "pet dog cat animal",
  languages: "language speak",
};

/** Least share of the question's weight that a fact must carry to be a hit. */
const LEAST_COVERAGE = 0.5;

export interface DescribedFact {
  fact: StoredFact;
  /** Name of the entity that it is about; empty for none. */
  about: string;
  /** Index terms of that name, the key, its gloss and the value. */
  terms: ReadonlySet<string>;
}

/** The believed facts of some scopes, those that have ended included, as ranking needs them. */
export interface FactIndex {
  readonly facts: readonly DescribedFact[];
  /** Turns whose statement another turn replaced. */
  readonly superseded: readonly Supersession[];
}

/** Which facts count. */
export interface FactOptions {
  /** The moment at which they hold. */
  at: Instant;
  labels?: readonly string[] | undefined;
  /** Bounds of validity. */
  validFrom?: Instant | undefined;
  validUntil?: Instant | undefined;
}

export interface RankedFact extends DescribedFact {
  /** Share of the question's weight that it carries, 0 to 1. */
  score: number;
}

/** A row never changes, so what is `known` of it is taken over. */
export function buildFactIndex(
  facts: readonly StoredFact[],
  nameOf: (entity: number | null) => string,
  known?: FactIndex,
): FactIndex {
  const byRow = new Map(known?.facts.map((item) => [item.fact.row, item]));
  const described = facts.map((fact): DescribedFact => {
    const same = byRow.get(fact.row);
    if (same !== undefined) return same;
    const about = nameOf(fact.entity);
    return { fact, about, terms: new Set(analyze(describe(fact, about))) };
  });
  return { facts: described, superseded: findSuperseded(described) };
}

/** Facts that hold at a moment and whose name, key, gloss and value carry most of the question. */
export function rankFacts(
  index: FactIndex,
  query: string,
  options: FactOptions & { limit: number },
): RankedFact[] {
  return ordered(
    covering(index, query, options).filter(({ score }) => score >= LEAST_COVERAGE),
  ).slice(0, options.limit);
}

/**
 * Facts about the entities that the question names or whose facts answer it, and about what these are related to, one
 * step further for half the score.
 */
export function walkFacts(
  index: FactIndex,
  query: string,
  options: FactOptions & { limit: number },
): RankedFact[] {
  const asked = new Set(analyze(query));
  const known = covering(index, query, options);
  const seeds = new Set<number>();
  for (const { fact, about, score } of known) {
    const name = analyze(about);
    const isNamed = name.length > 0 && name.every((term) => asked.has(term));
    if (fact.entity !== null && (isNamed || score >= LEAST_COVERAGE)) seeds.add(fact.entity);
  }
  const touches = (fact: StoredFact, entities: ReadonlySet<number>): boolean =>
    (fact.entity !== null && entities.has(fact.entity)) ||
    (fact.object !== null && entities.has(fact.object));
  const near = known.filter(({ fact }) => touches(fact, seeds));
  const reached = new Set(
    near.flatMap(({ fact }) => [fact.entity, fact.object]).filter((entity) => entity !== null),
  );
  return ordered(
    known.flatMap((item) => {
      const score = (1 + item.score) / 2;
      if (touches(item.fact, seeds)) return [{ ...item, score }];
      return touches(item.fact, reached) ? [{ ...item, score: score / 2 }] : [];
    }),
  ).slice(0, options.limit);
}

/** All facts that hold, each with the share of the question that it carries. */
function covering(index: FactIndex, query: string, options: FactOptions): RankedFact[] {
  const asked = [...new Set(analyze(query))];
  const holding = index.facts.filter(
    ({ fact }) =>
      (fact.validTo === null || fact.validTo > options.at) &&
      fact.validFrom >= (options.validFrom ?? -Infinity) &&
      (options.validUntil === undefined || (fact.validTo ?? Infinity) <= options.validUntil) &&
      (options.labels ?? []).every((label) => fact.labels.includes(label)),
  );
  const weights = asked.map((term) => {
    const count = holding.filter(({ terms }) => terms.has(term)).length;
    return { term, weight: Math.log(1 + (holding.length - count + 0.5) / (count + 0.5)) };
  });
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  return holding.map((item) => ({
    ...item,
    score:
      total === 0
        ? 0
        : weights.reduce((sum, { term, weight }) => sum + (item.terms.has(term) ? weight : 0), 0) /
          total,
  }));
}

function ordered(facts: readonly RankedFact[]): RankedFact[] {
  return facts.toSorted(
    (a, b) => b.score - a.score || standing(a.fact) - standing(b.fact) || b.fact.row - a.fact.row,
  );
}

/** Among equally fitting facts what was decreed goes first. */
function standing(fact: StoredFact): number {
  return isAuthoritative(fact.sources) ? 0 : 1;
}

function describe(fact: StoredFact, about: string): string {
  const gloss = Object.hasOwn(GLOSS, fact.key) ? GLOSS[fact.key] : "";
  return `${about} ${fact.key.replaceAll(/[_:]/g, " ")} ${gloss} ${fact.value}`;
}

/** Every pair of turns of which the later one states what replaced a statement of the earlier one. */
function findSuperseded(facts: readonly DescribedFact[]): Supersession[] {
  const byId = new Map(facts.map((item) => [item.fact.id, item]));
  return facts.flatMap((old) => {
    const next = old.fact.supersededBy === null ? undefined : byId.get(old.fact.supersededBy);
    if (next === undefined) return [];
    const terms = new Set([...old.terms, ...next.terms]);
    const successors = turnsOf(next.fact);
    return turnsOf(old.fact)
      .filter((turn) => !successors.includes(turn))
      .flatMap((turn) => successors.map((successor) => ({ old: turn, successor, terms })));
  });
}

export function turnsOf(fact: StoredFact): number[] {
  return fact.sources.flatMap(({ turn }) => (turn === undefined ? [] : [turn]));
}
