import { idf, lexicalScores } from "./bm25.ts";
import type { Lexical, RankStatistics, WeightedTerm } from "./bm25.ts";
import { dateFit } from "./date-fit.ts";
import { gramScores, nearWords } from "./grams.ts";
import type { IndexedTurn, Pool, PoolTurn } from "./pool.ts";
import { createTop } from "./top.ts";
import type { Question } from "./question.ts";
import type { Traits } from "./traits.ts";
import { CANDIDATES, FEEDBACK, TIME_FIT } from "./weights.ts";
import type { Weights } from "./weights.ts";

/** Value of every signal before weighting. */
export type Signals = { [Name in keyof Weights]: number };

export interface Candidate {
  entry: PoolTurn;
  signals: Signals;
}

/** The turns worth a full score, each with its signals. */
export function measure(
  question: Question,
  pool: Pool,
  statistics: RankStatistics | undefined,
): Candidate[] {
  const averageLength = statistics?.averageLength ?? pool.averageLength;
  const asked = question.terms.map((term) => ({ term, weight: idf(term, pool, statistics) }));
  const terms = asked.flatMap((item) =>
    pool.words.has(item.term) ? [item] : standIns(item, pool),
  );
  const lexical = lexicalScores(terms, pool, averageLength);
  const dates = pool.sessions.map((session) =>
    session === undefined ? 0 : dateFit(session.at, question.dates),
  );
  const candidates = chooseCandidates(pool, lexical, dates);
  const grams = scaled(gramScores(asked, pool, candidates));
  const feedbackTerms = termsOfBest(pool, lexical, terms, statistics);
  const hinted = lexicalScores(feedbackTerms, pool, averageLength).own;
  const feedback = scaled(Float64Array.from(candidates, ({ slot }) => hinted[slot] ?? 0));
  const own = (entry: PoolTurn | undefined): number =>
    entry === undefined ? 0 : (lexical.own[entry.slot] ?? 0);
  return candidates.map((entry, at) => {
    const { turn, session, previous } = entry;
    const traits = entry.traits();
    return {
      entry,
      signals: {
        window: lexical.window[entry.slot] ?? 0,
        session: lexical.sessions[session.slot] ?? 0,
        date: dates[session.slot] ?? 0,
        answered: previous?.traits().asks === true ? own(previous) : 0,
        twoBack: own(previous?.previous),
        previous: own(previous),
        feedback: feedback[at] ?? 0,
        speaker: side(question, turn) * own(entry),
        spoke: side(question, turn),
        grams: grams[at] ?? 0,
        time: question.asksWhen ? timeFit(traits) : 0,
        praise: traits.praises ? 1 : 0,
        question: traits.asks ? 1 : 0,
        firstPerson: traits.isFirstPerson ? 1 : 0,
      },
    };
  });
}

/** A word that nobody used keeps its weight, and shares a part of it with the words most like it. */
function standIns(missing: WeightedTerm, pool: Pool): WeightedTerm[] {
  const near = nearWords(missing.term, pool);
  const total = near.reduce((sum, { likeness }) => sum + likeness, 0);
  const [nearest] = near;
  if (nearest === undefined) return [missing];
  const given = missing.weight * nearest.likeness;
  return [
    { term: missing.term, weight: missing.weight - given },
    ...near.map(({ term, likeness }) => ({ term, weight: (given * likeness) / total })),
  ];
}

/** The best windows, then turns that only their session or its date speaks for. */
function chooseCandidates(
  pool: Pool,
  { window, sessions }: Lexical,
  dates: readonly number[],
): PoolTurn[] {
  const values = new Float64Array(pool.turns.length);
  for (let slot = 0; slot < values.length; slot += 1) {
    const session = pool.turns[slot]?.session.slot;
    if (session !== undefined)
      values[slot] = (window[slot] ?? 0) + 0.5 * (sessions[session] ?? 0) + (dates[session] ?? 0);
  }
  return best(pool, values, CANDIDATES);
}

/** Terms that mark the best windows and that the question did not use. */
function termsOfBest(
  pool: Pool,
  { window }: Lexical,
  asked: readonly WeightedTerm[],
  statistics: RankStatistics | undefined,
): WeightedTerm[] {
  const counts = new Map<string, number>();
  for (const entry of best(pool, window, FEEDBACK.windows))
    for (const term of entry.turn.terms)
      if (!pool.speakers.has(term))
        counts.set(term, (counts.get(term) ?? 0) + (window[entry.slot] ?? 0));
  for (const { term } of asked) counts.delete(term);
  return [...counts]
    .map(([term, count]) => ({ term, weight: count * idf(term, pool, statistics) }))
    .toSorted((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1))
    .slice(0, FEEDBACK.terms);
}

/** The turns of the highest values above 0, by slot; ties by key. */
function best(pool: Pool, values: Float64Array, limit: number): PoolTurn[] {
  const isBefore = (a: PoolTurn, b: PoolTurn): boolean => {
    const difference = (values[a.slot] ?? 0) - (values[b.slot] ?? 0);
    return difference > 0 || (difference === 0 && a.turn.key < b.turn.key);
  };
  const top = createTop(limit, isBefore);
  for (let slot = 0; slot < values.length; slot += 1) {
    const entry = (values[slot] ?? 0) > 0 ? pool.turns[slot] : undefined;
    if (entry !== undefined) top.offer(entry);
  }
  return top.sorted();
}

/** A date answers a when-question better than "last week" does. */
function timeFit({ namesDate, namesTime }: Traits): number {
  if (namesDate) return TIME_FIT.date;
  return namesTime ? TIME_FIT.word : 0;
}

/** 1 when the one asked about spoke, -1 when somebody else did, 0 when nobody is meant. */
function side({ about, role }: Question, turn: IndexedTurn): number {
  if (about.size > 0) return turn.speaker === null ? 0 : about.has(turn.speaker) ? 1 : -1;
  if (role === undefined) return 0;
  return turn.role === role ? 1 : -1;
}

function scaled(values: Float64Array): Float64Array {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most > 0 ? values.map((value) => value / most) : values;
}
