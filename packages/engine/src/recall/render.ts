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

/** Whole turns, best first up to the budget, under one date header for each session and day; the best session is first. */
export function renderContext(
  ranked: readonly RankedTurn[],
  options: { maxTokens: number },
): string {
  const budget = options.maxTokens * CHARACTERS_PER_TOKEN;
  const groups = new Map<string, IndexedTurn[]>();
  let used = 0;
  for (const { turn } of ranked) {
    const members = groups.get(group(turn));
    const cost = line(turn).length + 1 + (members === undefined ? header(turn).length + 1 : 0);
    if (used + cost > budget) continue;
    used += cost;
    if (members === undefined) groups.set(group(turn), [turn]);
    else members.push(turn);
  }
  return [...groups.values()]
    .flatMap((members) => {
      const inTime = members.toSorted((a, b) => a.seq - b.seq || a.key - b.key);
      return [...inTime.slice(0, 1).map(header), ...inTime.map(line)];
    })
    .join("\n");
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
