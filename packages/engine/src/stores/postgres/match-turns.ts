import type { TurnRecord } from "../../model/records.ts";
import { toTurn } from "../rows.ts";
import type { TermMatch, VisibleSets } from "../store.ts";
import { setFilter } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { TURN } from "./schema.ts";

/** Index entries read for one question: the rarest terms that fit choose the candidates, all terms rank them. */
const MOST_POSTINGS = 20_000;
/** Candidates that are ranked by all terms, for each that is asked for. */
const CANDIDATES_PER_HIT = 4;
/** The term weighting of the full-text index of the other store. */
const BM25 = { k1: 1.2, b: 0.75 } as const;
/** A term longer than this is indexed by its beginning. */
const LONGEST_TERM = 120;

/** A term as the index holds it. */
export function indexTerm(term: string): string {
  return term.length > LONGEST_TERM ? term.slice(0, LONGEST_TERM).toWellFormed() : term;
}

/** Best matches by BM25, with the number of turns that hold each term. */
export async function matchTurns(
  db: Connection,
  context: number,
  sets: VisibleSets,
  terms: readonly string[],
  limit: number,
): Promise<TermMatch> {
  const filter = setFilter("scope_set", sets);
  const wanted = [...new Set(terms.map(indexTerm))];
  const counted = new Map(
    (
      await db.all(
        `SELECT term, count(*) AS n FROM posting WHERE context = ? AND term = ANY(?) AND ${filter.sql} GROUP BY term`,
        context,
        wanted,
        ...filter.values,
      )
    ).map((row) => [row["term"] as string, row["n"] as number]),
  );
  const documentFrequency = new Map(terms.map((term) => [term, counted.get(indexTerm(term)) ?? 0]));
  const size = await db.get(
    `SELECT coalesce(sum(turns), 0)::bigint AS turns, coalesce(sum(terms), 0)::bigint AS terms
     FROM scope_set WHERE context = ? AND ${setFilter("key", sets).sql}`,
    context,
    ...filter.values,
  );
  const total = size?.["turns"] as number;
  const average = Math.max(1, (size?.["terms"] as number) / Math.max(1, total));
  const idf = (term: string): number => {
    const held = counted.get(term) ?? 0;
    return Math.max(1e-6, Math.log(1 + (total - held + 0.5) / (held + 0.5)));
  };
  const chosen = rarest(wanted, counted);
  if (chosen.length === 0) return { turns: [], documentFrequency };
  const rows = await db.all(
    `SELECT turn FROM (
       SELECT turn, sum(weight * count * ${BM25.k1 + 1} /
         (count + ${BM25.k1} * (${1 - BM25.b} + ${BM25.b} * length / ?::float8))) AS score
       FROM posting JOIN unnest(?::text[], ?::float8[]) AS wanted (name, weight) ON posting.term = wanted.name
       WHERE context = ? AND term = ANY(?) AND ${filter.sql} GROUP BY turn) AS scored
     ORDER BY score DESC, turn LIMIT ?`,
    average,
    chosen,
    chosen.map(idf),
    context,
    chosen,
    ...filter.values,
    limit * CANDIDATES_PER_HIT,
  );
  const turns = (
    await db.all(
      `${TURN} WHERE turn.context = ? AND turn.key = ANY(?::bigint[])`,
      context,
      rows.map((row) => row["turn"]),
    )
  ).map(toTurn);
  const ranked = turns
    .map((turn) => ({ turn, score: score(turn, wanted, idf, average) }))
    .toSorted((a, b) => b.score - a.score || a.turn.key - b.turn.key);
  return { turns: ranked.slice(0, limit).map(({ turn }) => turn), documentFrequency };
}

/** The rarest terms whose entries fit the budget, at least one. */
function rarest(terms: readonly string[], counted: ReadonlyMap<string, number>): string[] {
  const sorted = terms
    .filter((term) => counted.has(term))
    .toSorted((a, b) => (counted.get(a) ?? 0) - (counted.get(b) ?? 0) || (a < b ? -1 : 1));
  let left = MOST_POSTINGS;
  return sorted.filter((term, index) => {
    left -= counted.get(term) ?? 0;
    return index === 0 || left >= 0;
  });
}

function score(
  turn: TurnRecord,
  terms: readonly string[],
  idf: (term: string) => number,
  average: number,
): number {
  const own = turn.terms.split(" ").map(indexTerm);
  let sum = 0;
  for (const term of terms) {
    const count = own.filter((item) => item === term).length;
    const norm = BM25.k1 * (1 - BM25.b + (BM25.b * own.length) / average);
    if (count > 0) sum += (idf(term) * count * (BM25.k1 + 1)) / (count + norm);
  }
  return sum;
}
