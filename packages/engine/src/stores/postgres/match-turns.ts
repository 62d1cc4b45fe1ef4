import { toTurn } from "../rows.ts";
import {
  BM25,
  CANDIDATES_PER_HIT,
  inverseFrequency,
  rankByTerms,
  rarestTerms,
} from "../match-terms.ts";
import type { TermCounts } from "../match-terms.ts";
import type { TermMatch, TermMatchOptions, VisibleSets } from "../store.ts";
import { setFilter } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { TURN } from "./schema.ts";

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
  { limit, known = new Map() }: TermMatchOptions,
): Promise<TermMatch> {
  const filter = setFilter("scope_set", sets);
  const wanted = [...new Set(terms.map(indexTerm))];
  const unknown = wanted.filter((term) => !known.has(term));
  const rows =
    unknown.length === 0
      ? []
      : await db.all(
          `SELECT term, count(*) AS n FROM posting WHERE context = ? AND term = ANY(?) AND ${filter.sql} GROUP BY term`,
          context,
          unknown,
          ...filter.values,
        );
  const counted = new Map(rows.map((row) => [row["term"] as string, row["n"] as number]));
  const held = new Map(wanted.map((term) => [term, known.get(term) ?? counted.get(term) ?? 0]));
  const documentFrequency = new Map(terms.map((term) => [term, held.get(indexTerm(term)) ?? 0]));
  const size = await db.get(
    `SELECT coalesce(sum(turns), 0)::bigint AS turns, coalesce(sum(terms), 0)::bigint AS terms
     FROM scope_set WHERE context = ? AND ${setFilter("key", sets).sql}`,
    context,
    ...filter.values,
  );
  const turns = size?.["turns"] as number;
  const counts: TermCounts = {
    turns,
    averageLength: Math.max(1, (size?.["terms"] as number) / Math.max(1, turns)),
    held,
  };
  const chosen = rarestTerms(wanted, held);
  if (chosen.length === 0) return { turns: [], documentFrequency };
  const best = await db.all(
    `SELECT turn FROM (
       SELECT turn, sum(weight * count * ${BM25.k1 + 1} /
         (count + ${BM25.k1} * (${1 - BM25.b} + ${BM25.b} * length / ?::float8))) AS score
       FROM posting JOIN unnest(?::text[], ?::float8[]) AS wanted (name, weight) ON posting.term = wanted.name
       WHERE context = ? AND term = ANY(?) AND ${filter.sql} GROUP BY turn) AS scored
     ORDER BY score DESC, turn LIMIT ?`,
    counts.averageLength,
    chosen,
    chosen.map((term) => inverseFrequency(term, counts)),
    context,
    chosen,
    ...filter.values,
    limit * CANDIDATES_PER_HIT,
  );
  const candidates = await db.all(
    `${TURN} WHERE turn.context = ? AND turn.key = ANY(?::bigint[])`,
    context,
    best.map((row) => row["turn"]),
  );
  return {
    turns: rankByTerms(candidates.map(toTurn), wanted, counts, { limit, indexed: indexTerm }),
    documentFrequency,
  };
}
