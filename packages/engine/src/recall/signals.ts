import { idf, lexicalScores } from "./bm25.ts";
import type { Lexical, RankStatistics, WeightedTerm } from "./bm25.ts";
import { dateFit } from "./date-fit.ts";
import { gramScores } from "./grams.ts";
import type { IndexedTurn, Pool } from "./pool.ts";
import type { Question } from "./question.ts";
import { endsWithQuestion, traitsOf } from "./traits.ts";
import { CANDIDATES, FEEDBACK } from "./weights.ts";
import type { Weights } from "./weights.ts";

/** Value of every signal before weighting. */
export type Signals = { [Name in keyof Weights]: number };

export interface Candidate {
  /** Place of the turn in the pool. */
  index: number;
  signals: Signals;
}

/** The turns worth a full score, each with its signals. */
export function measure(
  question: Question,
  pool: Pool,
  statistics: RankStatistics | undefined,
): Candidate[] {
  const averageLength = statistics?.averageLength ?? pool.averageLength;
  const terms = question.terms.map((term) => ({ term, weight: idf(term, pool, statistics) }));
  const lexical = lexicalScores(terms, pool, averageLength);
  const dates = pool.sessions.map(({ at }) => dateFit(at, question.dates));
  const candidates = chooseCandidates(pool, lexical, dates);
  const grams = scaled(gramScores(terms, pool, candidates));
  const feedbackTerms = termsOfBest(pool, lexical, terms, statistics);
  const feedback = scaledAt(lexicalScores(feedbackTerms, pool, averageLength).own, candidates);
  return candidates.map((index, at) => {
    const turn = pool.turns[index];
    const session = pool.sessionOf[index] ?? 0;
    const start = pool.sessions[session]?.start ?? 0;
    const previous = index > start ? (lexical.own[index - 1] ?? 0) : 0;
    const traits = traitsOf(turn?.text ?? "");
    const isAnswer = previous > 0 && endsWithQuestion(pool.turns[index - 1]?.text ?? "");
    return {
      index,
      signals: {
        window: lexical.window[index] ?? 0,
        session: lexical.sessions[session] ?? 0,
        date: dates[session] ?? 0,
        answered: isAnswer ? previous : 0,
        twoBack: index - 1 > start ? (lexical.own[index - 2] ?? 0) : 0,
        previous,
        feedback: feedback[at] ?? 0,
        speaker: turn === undefined ? 0 : side(question, turn) * (lexical.own[index] ?? 0),
        spoke: turn === undefined ? 0 : side(question, turn),
        grams: grams[at] ?? 0,
        time: question.asksWhen && traits.namesTime ? 1 : 0,
        short: (pool.lengths[index] ?? 0) < 4 ? 1 : 0,
        praise: traits.praises ? 1 : 0,
        question: traits.asks ? 1 : 0,
        firstPerson: traits.isFirstPerson ? 1 : 0,
      },
    };
  });
}

/** The best windows, then turns that only their session or its date speaks for. */
function chooseCandidates(pool: Pool, { window, sessions }: Lexical, dates: number[]): number[] {
  const cheap = window.map((value, index) => {
    const session = pool.sessionOf[index] ?? 0;
    return value + 0.5 * (sessions[session] ?? 0) + (dates[session] ?? 0);
  });
  return [...cheap.keys()]
    .filter((index) => (cheap[index] ?? 0) > 0)
    .toSorted((a, b) => (cheap[b] ?? 0) - (cheap[a] ?? 0) || a - b)
    .slice(0, CANDIDATES);
}

/** Terms that mark the best windows and that the question did not use. */
function termsOfBest(
  pool: Pool,
  { window }: Lexical,
  asked: readonly WeightedTerm[],
  statistics: RankStatistics | undefined,
): WeightedTerm[] {
  const best = [...window.keys()]
    .filter((index) => (window[index] ?? 0) > 0)
    .toSorted((a, b) => (window[b] ?? 0) - (window[a] ?? 0) || a - b)
    .slice(0, FEEDBACK.windows);
  const counts = new Map<string, number>();
  for (const index of best)
    for (const term of pool.turns[index]?.terms ?? [])
      if (!pool.speakers.has(term))
        counts.set(term, (counts.get(term) ?? 0) + (window[index] ?? 0));
  for (const { term } of asked) counts.delete(term);
  return [...counts]
    .map(([term, count]) => ({ term, weight: count * idf(term, pool, statistics) }))
    .toSorted((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1))
    .slice(0, FEEDBACK.terms);
}

/** 1 when the one asked about spoke, -1 when somebody else did, 0 when nobody is meant. */
function side({ about, role }: Question, turn: IndexedTurn): number {
  if (about.size > 0) return turn.speaker === null ? 0 : about.has(turn.speaker) ? 1 : -1;
  if (role === undefined) return 0;
  return turn.role === role ? 1 : -1;
}

function scaled(values: Float64Array): Float64Array {
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return most > 0 ? values.map((value) => value / most) : values;
}

function scaledAt(values: Float64Array, candidates: readonly number[]): Float64Array {
  return scaled(Float64Array.from(candidates, (index) => values[index] ?? 0));
}
