import type { IndexedTurn, RankedTurn } from "./rank.ts";

const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );
const CHARACTERS_PER_TOKEN = 4;

/** `[7 May 2023] Ann: text`: who and when stay with the words. */
export function renderTurn(
  turn: IndexedTurn,
  options: { sessionDate?: number | undefined } = {},
): string {
  return `[${writeDate(options.sessionDate ?? turn.at)}] ${line(turn)}`;
}

/** Whole turns, best first up to the budget, grouped under one date header for each session and day, in order of time. */
export function renderContext(
  ranked: readonly RankedTurn[],
  options: { maxTokens: number },
): string {
  const budget = options.maxTokens * CHARACTERS_PER_TOKEN;
  const chosen: IndexedTurn[] = [];
  const groups = new Set<string>();
  let used = 0;
  for (const { turn } of ranked) {
    const added = groups.has(group(turn)) ? 0 : header(turn).length + 1;
    const cost = line(turn).length + 1 + added;
    if (used + cost > budget) continue;
    used += cost;
    groups.add(group(turn));
    chosen.push(turn);
  }
  const lines: string[] = [];
  let last = "";
  for (const turn of chosen.toSorted(inTime(chosen))) {
    if (group(turn) !== last) lines.push(header(turn));
    last = group(turn);
    lines.push(line(turn));
  }
  return lines.join("\n");
}

/** Sessions by their first shown turn, so that two that ran at the same time do not mix. */
function inTime(turns: readonly IndexedTurn[]): (a: IndexedTurn, b: IndexedTurn) => number {
  const begins = new Map<string, number>();
  for (const turn of turns)
    begins.set(group(turn), Math.min(begins.get(group(turn)) ?? Infinity, turn.at));
  return (a, b) =>
    (begins.get(group(a)) ?? 0) - (begins.get(group(b)) ?? 0) ||
    a.sessionKey - b.sessionKey ||
    a.seq - b.seq ||
    a.key - b.key;
}

function group(turn: IndexedTurn): string {
  return `${turn.sessionKey} ${writeDate(turn.at)}`;
}

function header(turn: IndexedTurn): string {
  return `### ${writeDate(turn.at)}`;
}

/** One line, and the speaker or role in front of the words unless the words begin with it. */
function line(turn: IndexedTurn): string {
  const text = turn.text.replaceAll(/\s+/gu, " ").trim();
  const who = turn.speaker ?? turn.role;
  return text.startsWith(`${who}: `) ? text : `${who}: ${text}`;
}

function writeDate(at: number): string {
  const day = new Date(at);
  return `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()] ?? ""} ${day.getUTCFullYear()}`;
}
