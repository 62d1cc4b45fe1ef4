import type { IndexedTurn, RankedTurn } from "./rank.ts";

const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );
const CHARACTERS_PER_TOKEN = 4;

/** `[7 May 2023] Ann: text`: who and when stay with the words. */
export function renderTurn(turn: IndexedTurn): string {
  return `[${date(turn.at)}] ${line(turn)}`;
}

/** Best turns up to the budget, grouped under one date header a session day, in order of time. */
export function renderContext(
  ranked: readonly RankedTurn[],
  options: { maxTokens: number },
): string {
  const budget = options.maxTokens * CHARACTERS_PER_TOKEN;
  const chosen: IndexedTurn[] = [];
  const days = new Set<string>();
  let used = 0;
  for (const { turn } of ranked) {
    const day = `${turn.sessionKey} ${date(turn.at)}`;
    const cost = line(turn).length + 1 + (days.has(day) ? 0 : header(turn).length + 1);
    if (used + cost > budget) break;
    used += cost;
    days.add(day);
    chosen.push(turn);
  }
  const lines: string[] = [];
  let last = "";
  for (const turn of chosen.toSorted((a, b) => a.at - b.at || a.key - b.key)) {
    const day = header(turn);
    if (day !== last) lines.push(day);
    last = day;
    lines.push(line(turn));
  }
  return lines.join("\n");
}

function header(turn: IndexedTurn): string {
  return `### ${date(turn.at)}`;
}

function line(turn: IndexedTurn): string {
  const text = turn.text.replaceAll(/\s+/g, " ");
  return turn.speaker === null ? `${turn.role}: ${text}` : text;
}

function date(at: number): string {
  const day = new Date(at);
  return `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
}
