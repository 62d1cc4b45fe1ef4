import type { IndexedTurn, RankedTurn } from "./rank.ts";

const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );
const CHARACTERS_PER_TOKEN = 4;
/** A reader who cuts at one of these sizes loses nothing to the grouping by session. */
const TIERS: readonly number[] = [256, 512, 1024, 2048, 4096, 8192];
/** Blanks that a line cannot keep as they are. */
const UNEVEN = /[^\S ]|  /u;
const SUPERSEDED = " (no longer so)";

/** `[7 May 2023] Ann: text`: who and when stay with the words. */
export function renderTurn({ turn, shown, isSuperseded }: Rendered): string {
  return `${stamp(turn)}${line({ turn, shown, isSuperseded })}`;
}

type Rendered = Pick<RankedTurn, "turn" | "shown" | "isSuperseded">;

/**
 * Whole turns, best first up to the budget, grouped by session; the date stands on the first line of each group and the
 * lines below it are indented. Within 256 tokens, the next 256, 512 and so on the best session is first, so that a
 * reader who cuts from the top keeps the best.
 */
export function renderContext(ranked: readonly Rendered[], options: { maxTokens: number }): string {
  const lines: string[] = [];
  let rest = ranked;
  let used = 0;
  for (const tokens of [...TIERS.filter((tier) => tier < options.maxTokens), options.maxTokens]) {
    const groups = new Map<string, Rendered[]>();
    const left: Rendered[] = [];
    for (const hit of rest) {
      const group = groupOf(hit.turn);
      const members = groups.get(group);
      const cost = (members === undefined ? stamp(hit.turn) : INDENT).length + line(hit).length + 1;
      if (used + cost > tokens * CHARACTERS_PER_TOKEN) {
        left.push(hit);
        continue;
      }
      used += cost;
      if (members === undefined) groups.set(group, [hit]);
      else members.push(hit);
    }
    for (const members of groups.values())
      for (const [at, hit] of members.toSorted(inOrder).entries())
        lines.push(`${at === 0 ? stamp(hit.turn) : INDENT}${line(hit)}`);
    rest = left;
  }
  return lines.join("\n");
}

const INDENT = "  ";

function inOrder({ turn: a }: Rendered, { turn: b }: Rendered): number {
  return a.seq - b.seq || a.key - b.key;
}

function groupOf(turn: IndexedTurn): string {
  return `${turn.sessionKey} ${writeDate(turn.at)}`;
}

function stamp(turn: IndexedTurn): string {
  return `[${writeDate(turn.at)}] `;
}

/** One line, and the speaker or role in front of the words unless the words begin with it. */
function line({ turn, shown, isSuperseded }: Rendered): string {
  const text = (UNEVEN.test(shown) ? shown.replaceAll(/\s+/gu, " ") : shown).trim();
  const who = turn.speaker ?? turn.role;
  const said = text.startsWith(`${who}: `) ? text : `${who}: ${text}`;
  return isSuperseded === true ? `${said}${SUPERSEDED}` : said;
}

/** `7 May 2023`, in UTC. */
function writeDate(at: number): string {
  const day = new Date(at);
  return `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()] ?? ""} ${day.getUTCFullYear()}`;
}
