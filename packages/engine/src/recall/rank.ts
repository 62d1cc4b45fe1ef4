import { analyze } from "./analyze.ts";

/** A turn as the ranker sees it. */
export interface IndexedTurn {
  key: number;
  sessionKey: number;
  seq: number;
  /** When it was said, epoch milliseconds. */
  at: number;
  speaker: string | null;
  role: string;
  /** `analyze(text)`. */
  terms: readonly string[];
  /** The text that is shown. */
  text: string;
}

/** Counts over everything the caller may read, when the pool is only a part of it. */
export interface RankStatistics {
  turns: number;
  averageLength: number;
  documentFrequency: ReadonlyMap<string, number>;
}

export interface RankedTurn {
  turn: IndexedTurn;
  score: number;
  signals: Record<string, number>;
}

export interface RankOptions {
  limit?: number | undefined;
  statistics?: RankStatistics | undefined;
  now?: number | undefined;
}

/** Turns in conversation order with what ranking needs counted once. */
export interface Pool {
  turns: readonly IndexedTurn[];
  counts: readonly ReadonlyMap<string, number>[];
}

const K1 = 0.9;
const B = 0.4;
/** Weights of the signals: the turn with its neighbours, its whole session, and who is asked about. */
const WEIGHT = { window: 4, session: 3, own: 0.8, answered: 3 } as const;
const NEIGHBOUR = { previous: 0.5, next: 0.3 } as const;

export function buildPool(turns: readonly IndexedTurn[]): Pool {
  const ordered = turns.toSorted((a, b) => a.key - b.key);
  return { turns: ordered, counts: ordered.map((turn) => count(turn.terms)) };
}

/** Ranks turns for a question: BM25 of the turn's window, its session and itself, added up. */
export function rankPool(question: string, pool: Pool, options: RankOptions = {}): RankedTurn[] {
  const names = new Set(
    pool.turns.flatMap((turn) => (turn.speaker === null ? [] : analyze(turn.speaker))),
  );
  const asked = [...new Set(analyze(question))];
  const terms = asked.filter((term) => !names.has(term));
  if (terms.length === 0 || pool.turns.length === 0) return [];
  const total = options.statistics?.turns ?? pool.turns.length;
  const idf = new Map(
    terms.map((term) => {
      const frequency =
        options.statistics?.documentFrequency.get(term) ??
        pool.counts.filter((counts) => counts.has(term)).length;
      return [term, Math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))];
    }),
  );
  const norm = [...idf.values()].reduce((sum, value) => sum + value, 0);
  const average =
    options.statistics?.averageLength ??
    pool.turns.reduce((sum, turn) => sum + turn.terms.length, 0) / pool.turns.length;
  const bm25 = (counts: ReadonlyMap<string, number>, length: number, mean: number): number =>
    terms.reduce((sum, term) => {
      const frequency = counts.get(term) ?? 0;
      if (frequency === 0) return sum;
      const weight = (frequency * (K1 + 1)) / (frequency + K1 * (1 - B + (B * length) / mean));
      return sum + (idf.get(term) ?? 0) * weight;
    }, 0) / norm;
  const sessions = sessionScores(pool, bm25);
  const scored = pool.turns.map((turn, index): RankedTurn => {
    const own = bm25(pool.counts[index] ?? new Map(), turn.terms.length, average);
    const previous = neighbour(pool, index, -1);
    const next = neighbour(pool, index, 1);
    const window = merge(pool, index, previous, next, terms);
    const answers =
      previous !== undefined && pool.turns[previous]?.text.trimEnd().endsWith("?") === true
        ? bm25(pool.counts[previous] ?? new Map(), pool.turns[previous]?.terms.length ?? 0, average)
        : 0;
    const spoke =
      turn.speaker !== null && analyze(turn.speaker).some((name) => asked.includes(name)) ? 1 : 0;
    const signals = {
      window: WEIGHT.window * bm25(window.counts, window.length, average * 1.8),
      session: WEIGHT.session * (sessions.get(turn.sessionKey) ?? 0),
      own: WEIGHT.own * own * spoke,
      answered: WEIGHT.answered * answers,
    };
    const matched = own > 0 || signals.window > 0 || answers > 0;
    const score = matched ? Object.values(signals).reduce((sum, value) => sum + value, 0) : 0;
    return { turn, score: score / 20, signals };
  });
  return scored
    .filter((item) => item.score > 0)
    .toSorted((a, b) => b.score - a.score || a.turn.key - b.turn.key)
    .slice(0, options.limit ?? 50);
}

function count(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

function neighbour(pool: Pool, index: number, step: 1 | -1): number | undefined {
  const turn = pool.turns[index];
  const other = pool.turns[index + step];
  return turn !== undefined && other?.sessionKey === turn.sessionKey ? index + step : undefined;
}

/** The turn with a part of its neighbours, as one document. */
function merge(
  pool: Pool,
  index: number,
  previous: number | undefined,
  next: number | undefined,
  terms: readonly string[],
): { counts: Map<string, number>; length: number } {
  const parts = [
    { index, weight: 1 },
    ...(previous === undefined ? [] : [{ index: previous, weight: NEIGHBOUR.previous }]),
    ...(next === undefined ? [] : [{ index: next, weight: NEIGHBOUR.next }]),
  ];
  const counts = new Map<string, number>();
  let length = 0;
  for (const part of parts) {
    length += part.weight * (pool.turns[part.index]?.terms.length ?? 0);
    for (const term of terms) {
      const frequency = pool.counts[part.index]?.get(term);
      if (frequency !== undefined)
        counts.set(term, (counts.get(term) ?? 0) + part.weight * frequency);
    }
  }
  return { counts, length };
}

function sessionScores(
  pool: Pool,
  bm25: (counts: ReadonlyMap<string, number>, length: number, mean: number) => number,
): Map<number, number> {
  const sessions = new Map<number, { counts: Map<string, number>; length: number }>();
  pool.turns.forEach((turn, index) => {
    const session = sessions.get(turn.sessionKey) ?? {
      counts: new Map<string, number>(),
      length: 0,
    };
    sessions.set(turn.sessionKey, session);
    session.length += turn.terms.length;
    for (const [term, frequency] of pool.counts[index] ?? [])
      session.counts.set(term, (session.counts.get(term) ?? 0) + frequency);
  });
  const mean = [...sessions.values()].reduce((sum, { length }) => sum + length, 0) / sessions.size;
  return new Map(
    [...sessions].map(([key, { counts, length }]) => [key, bm25(counts, length, mean)]),
  );
}
