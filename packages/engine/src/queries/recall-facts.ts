import type { QueryHit } from "@spectron/core/protocol";
import { isAuthoritative } from "../model/records.ts";
import type { Instant, StoredFact } from "../model/records.ts";
import { analyze } from "../recall/analyze.ts";
import type { Reader, VisibleSets } from "../stores/store.ts";
import { viewFacts } from "./fact-view.ts";
import type { FactView } from "./fact-view.ts";

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

/** Facts considered for one question. */
const MOST_FACTS = 2000;
/** Least share of the question's weight that a fact must carry to be a hit. */
const LEAST_COVERAGE = 0.5;

/** Facts whose key, gloss and value carry most of the question. */
export async function rankFacts(
  reader: Reader,
  context: number,
  sets: VisibleSets,
  input: { query: string; at: Instant; asOf?: Instant | undefined; limit: number },
): Promise<{ hits: QueryHit[]; entities: string[] }> {
  const terms = [...new Set(analyze(input.query))];
  if (terms.length === 0) return { hits: [], entities: [] };
  const facts = await reader.facts(context, {
    sets,
    kinds: ["attribute", "relation"],
    at: input.at,
    asOf: input.asOf,
    limit: MOST_FACTS,
  });
  if (facts.length === 0) return { hits: [], entities: [] };
  const view = await viewFacts(reader, context, facts);
  const described = facts.map((fact) => ({ fact, terms: new Set(analyze(describe(fact, view))) }));
  const weight = new Map(
    terms.map((term) => {
      const holding = described.filter((item) => item.terms.has(term)).length;
      return [term, Math.log(1 + (facts.length - holding + 0.5) / (holding + 0.5))];
    }),
  );
  const total = [...weight.values()].reduce((sum, value) => sum + value, 0);
  const best = described
    .map(({ fact, terms: own }) => ({
      fact,
      score:
        terms.reduce((sum, term) => sum + (own.has(term) ? (weight.get(term) ?? 0) : 0), 0) / total,
    }))
    .filter((item) => item.score >= LEAST_COVERAGE)
    .toSorted((a, b) => b.score - a.score || rank(a.fact) - rank(b.fact) || b.fact.row - a.fact.row)
    .slice(0, input.limit);
  return {
    hits: best.map(({ fact, score }, index) => ({
      id: fact.id,
      // a list that is merged with others keeps its order among equals
      score: score - index * 1e-9,
      source: fact.kind === "relation" ? "entity" : "attribute",
      text: `${view.entity(fact.entity)?.name ?? ""} ${fact.key}: ${fact.value}`.trim(),
      occurredAt: new Date(fact.validFrom).toISOString(),
      sources: view.sources(fact),
    })),
    entities: [...new Set(best.map(({ fact }) => view.entity(fact.entity)?.name ?? ""))].filter(
      (name) => name !== "",
    ),
  };
}

/** Among equally fitting facts what was decreed goes first. */
function rank(fact: StoredFact): number {
  return isAuthoritative(fact.sources) ? 0 : 1;
}

function describe(fact: StoredFact, view: FactView): string {
  const gloss = Object.hasOwn(GLOSS, fact.key) ? GLOSS[fact.key] : "";
  return `${view.entity(fact.entity)?.name ?? ""} ${fact.key.replaceAll(/[_:]/g, " ")} ${gloss} ${fact.value}`;
}
