import { analyze } from "./analyze.ts";
import { NEIGHBOUR } from "./weights.ts";

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

/** The turns that hold a term and how often each holds it. */
export interface Posting {
  turns: number[];
  counts: number[];
}

/** A stretch of neighbouring turns of one session. */
export interface PoolSession {
  start: number;
  /** Exclusive. */
  end: number;
  /** When it began, epoch milliseconds. */
  at: number;
  length: number;
}

/** Turns in conversation order with everything counted that does not depend on a question. */
export interface Pool {
  turns: readonly IndexedTurn[];
  sessions: readonly PoolSession[];
  /** Index of each turn's session. */
  sessionOf: Int32Array;
  postings: ReadonlyMap<string, Posting>;
  lengths: Float64Array;
  /** Length of each turn with its share of the neighbours. */
  windowLengths: Float64Array;
  averageLength: number;
  averageWindow: number;
  averageSession: number;
  /** Terms of speakers' names, with the speakers they may mean. */
  speakers: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Counts what ranking needs once; keep the result for as long as the turns do not change. */
export function buildPool(turns: readonly IndexedTurn[]): Pool {
  const ordered = turns.toSorted(
    (a, b) => a.sessionKey - b.sessionKey || a.seq - b.seq || a.key - b.key,
  );
  const sessionOf = new Int32Array(ordered.length);
  const lengths = new Float64Array(ordered.length);
  const sessions: PoolSession[] = [];
  const postings = new Map<string, Posting>();
  const speakers = new Map<string, Set<string>>();
  let last: number | undefined;
  for (const [index, turn] of ordered.entries()) {
    if (turn.sessionKey !== last)
      sessions.push({ start: index, end: index, at: turn.at, length: 0 });
    last = turn.sessionKey;
    const session = sessions.at(-1);
    if (session !== undefined) {
      session.end = index + 1;
      session.at = Math.min(session.at, turn.at);
      session.length += turn.terms.length;
    }
    sessionOf[index] = sessions.length - 1;
    lengths[index] = turn.terms.length;
    for (const term of turn.terms) addPosting(postings, term, index);
  }
  for (const name of new Set(ordered.map((turn) => turn.speaker)))
    for (const term of name === null ? [] : analyze(name))
      speakers.set(term, (speakers.get(term) ?? new Set()).add(name ?? ""));
  const windowLengths = lengths.map((length, index) => {
    const session = sessions[sessionOf[index] ?? 0];
    const before = index > (session?.start ?? 0) ? (lengths[index - 1] ?? 0) : 0;
    const after = index + 1 < (session?.end ?? 0) ? (lengths[index + 1] ?? 0) : 0;
    return length + NEIGHBOUR.previous * before + NEIGHBOUR.next * after;
  });
  return {
    turns: ordered,
    sessions,
    sessionOf,
    postings,
    lengths,
    windowLengths,
    averageLength: mean(lengths),
    averageWindow: mean(windowLengths),
    averageSession: mean(Float64Array.from(sessions, (session) => session.length)),
    speakers,
  };
}

function addPosting(postings: Map<string, Posting>, term: string, index: number): void {
  const posting = postings.get(term);
  if (posting === undefined) {
    postings.set(term, { turns: [index], counts: [1] });
    return;
  }
  const at = posting.turns.length - 1;
  if (posting.turns[at] === index) {
    posting.counts[at] = (posting.counts[at] ?? 0) + 1;
  } else {
    posting.turns.push(index);
    posting.counts.push(1);
  }
}

/** Mean, and 1 for nothing, because it is divided by. */
function mean(values: Float64Array): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum > 0 ? sum / values.length : 1;
}
