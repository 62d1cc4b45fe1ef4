import { idf, lexicalScores } from "./bm25.ts";
import type { RankStatistics } from "./bm25.ts";
import { excerpt } from "./excerpt.ts";
import { newestFirst } from "./newest-first.ts";
import type { IndexedTurn, Pool, PoolTurn } from "./pool.ts";
import { readQuestion } from "./question.ts";
import type { Question } from "./question.ts";
import { measure } from "./signals.ts";
import type { Signals } from "./signals.ts";
import { successorsFirst } from "./successors-first.ts";
import type { Supersession } from "./successors-first.ts";
import { RANK_FUSION, WEIGHTS } from "./weights.ts";
import type { Weights } from "./weights.ts";

export { buildPool } from "./pool.ts";
export type { RankStatistics } from "./bm25.ts";
export type { IndexedTurn, Pool } from "./pool.ts";
export type { Supersession } from "./successors-first.ts";

/** `hybrid` is all signals and vectors joined, the others are one of its parts alone. */
export type RankMode = "hybrid" | "bm25" | "vector";

/** What each signal added to a score. */
export type ScoreParts = Partial<
  Weights & { bm25: number; vector: number; rank: number; graph: number }
>;

export interface RankedTurn {
  turn: IndexedTurn;
  /** 0 to about 1, never rising along the ranking. */
  score: number;
  signals: ScoreParts;
  /** Something it states has since been replaced. */
  isSuperseded?: boolean | undefined;
  /** What is shown of it: all, or the best stretch of a long one. */
  shown: string;
}

export interface RankOptions {
  /** @default "hybrid" */
  mode?: RankMode | undefined;
  /** @default 50 */
  limit?: number | undefined;
  /** @default what the pool itself shows */
  statistics?: RankStatistics | undefined;
  /** The moment of asking, epoch milliseconds: what "yesterday" in the question means. */
  now?: number | undefined;
  /** Turns by likeness of their vectors to the question's, most alike first, -1 to 1. */
  similar?: readonly { key: number; likeness: number }[] | undefined;
  /** Turns whose statement another turn replaced. */
  superseded?: readonly Supersession[] | undefined;
  /** @internal */
  weights?: Readonly<Weights> | undefined;
}

/** A turn in a ranking, before what is shown is cut. */
export interface Placed {
  entry: PoolTurn;
  score: number;
  signals: ScoreParts;
  /** What the score was summed from; weighted when it is shown. */
  measured?: Signals | undefined;
  isSuperseded?: boolean | undefined;
}

const NAMES = Object.keys(WEIGHTS) as (keyof Weights)[];
/** A turn that every lexical signal speaks for comes near this sum. */
const FULL_SCORE = 20;

/** Ranks the turns of a pool for a question, best first, ties by key; nothing in common gives nothing. */
export function rankPool(question: string, pool: Pool, options: RankOptions = {}): RankedTurn[] {
  const read = readQuestion(question, pool, options.now);
  const weightOf = (term: string): number => idf(term, pool, options.statistics);
  const placed = successorsFirst(
    newestFirst(rank(read, pool, options), read, weightOf),
    pool,
    read,
    options.superseded ?? [],
  );
  const hits = placed.slice(0, options.limit ?? 50).map((hit) => ({
    ...hit,
    signals: { ...partsOf(hit.measured, options.weights ?? WEIGHTS), ...hit.signals },
  }));
  return shown(hits, read, weightOf);
}

/** Turns of a pool by scores that were given to them, such as those of the facts that they state. */
export function placeTurns(
  question: string,
  pool: Pool,
  scores: ReadonlyMap<number, number>,
  options: { limit: number },
): RankedTurn[] {
  const read = readQuestion(question, pool);
  const placed = Array.from(scores, ([key, score]) => ({ entry: pool.get(key), score })).flatMap(
    ({ entry, score }) =>
      entry === undefined ? [] : [{ entry, score, signals: { graph: score } }],
  );
  return shown(ordered(placed).slice(0, options.limit), read, (term) => idf(term, pool, undefined));
}

function shown(
  placed: readonly Placed[],
  read: Question,
  weightOf: (term: string) => number,
): RankedTurn[] {
  const weights = new Map(read.terms.map((term) => [term, weightOf(term)]));
  return placed.map(({ entry, score, signals, isSuperseded }) => ({
    turn: entry.turn,
    score,
    signals,
    isSuperseded,
    shown: excerpt(entry.turn.text, entry.turn.speaker, weights, entry.pieces()),
  }));
}

function rank(read: Question, pool: Pool, options: RankOptions): Placed[] {
  const similar = (options.similar ?? []).flatMap(({ key, likeness }) => {
    const entry = pool.get(key);
    return entry === undefined || likeness <= 0
      ? []
      : [{ entry, score: likeness, signals: { vector: likeness } }];
  });
  switch (options.mode) {
    case "vector":
      return ordered(similar);
    case "bm25":
      return ordered(plain(read, pool, options.statistics));
    case "hybrid":
    case undefined: {
      const lexical = ordered(summed(read, pool, options));
      return similar.length === 0 ? lexical : fused(lexical, ordered(similar));
    }
  }
}

/** The sum of all weighted signals. */
function summed(read: Question, pool: Pool, options: RankOptions): Placed[] {
  const weights = options.weights ?? WEIGHTS;
  const placed: Placed[] = [];
  for (const { entry, signals: measured } of measure(read, pool, options.statistics)) {
    let sum = 0;
    for (const name of NAMES) sum += (weights[name] * measured[name]) / FULL_SCORE;
    if (sum > 0) placed.push({ entry, score: sum, signals: {}, measured });
  }
  return placed;
}

function partsOf(measured: Signals | undefined, weights: Readonly<Weights>): ScoreParts {
  const parts: ScoreParts = {};
  for (const name of measured === undefined ? [] : NAMES) {
    const part = (weights[name] * (measured?.[name] ?? 0)) / FULL_SCORE;
    if (part !== 0) parts[name] = part;
  }
  return parts;
}

/** BM25 of the turn's own words and nothing else. */
function plain(read: Question, pool: Pool, statistics: RankStatistics | undefined): Placed[] {
  const terms = read.terms.map((term) => ({ term, weight: idf(term, pool, statistics) }));
  const { own } = lexicalScores(terms, pool, statistics?.averageLength ?? pool.averageLength);
  const placed: Placed[] = [];
  for (const entry of pool.turns) {
    const score = entry === undefined ? 0 : (own[entry.slot] ?? 0);
    if (entry !== undefined && score > 0) placed.push({ entry, score, signals: { bm25: score } });
  }
  return placed;
}

/** Joins two rankings by places: scores of words and of vectors are of different kinds. */
function fused(lexical: readonly Placed[], similar: readonly Placed[]): Placed[] {
  const joined = new Map<PoolTurn, Placed>();
  for (const list of [lexical, similar])
    for (const [place, { entry, signals, measured }] of list.entries()) {
      const known = joined.get(entry);
      const part = (RANK_FUSION + 1) / (RANK_FUSION + 1 + place) / 2;
      const rankPart = (known?.signals.rank ?? 0) + part;
      joined.set(entry, {
        entry,
        score: rankPart,
        signals: { ...known?.signals, ...signals, rank: rankPart },
        measured: known?.measured ?? measured,
      });
    }
  return ordered([...joined.values()]);
}

function ordered(placed: readonly Placed[]): Placed[] {
  return placed.toSorted((a, b) => b.score - a.score || a.entry.turn.key - b.entry.turn.key);
}
