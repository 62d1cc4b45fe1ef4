import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { turnId } from "../model/records.ts";
import type { Instant, TurnRecord } from "../model/records.ts";
import { analyze } from "../recall/analyze.ts";
import { rankFacts } from "../recall/fact-index.ts";
import type { Reader, VisibleSets } from "../stores/store.ts";
import { narrowed } from "./narrowed.ts";
import { loadFacts } from "./recall-memory.ts";

export interface MatchForgetInput {
  caller: Caller;
  clamp: ReadClamp;
  query: string;
  sessionId?: string | undefined;
  /** Share of the query's weight that a record must carry, 0 to 1. */
  threshold: number;
  limit: number;
  /** Also what is no longer believed, and turns that recall may not find, such as older versions. */
  past: boolean;
  at: Instant;
}

/** Turns beyond recall that are read at once. */
const PAGE = 500;

/** Facts and turns that speak of what is to be forgotten; what carries less than the threshold is not touched. */
export async function matchForget(
  reader: Reader,
  input: MatchForgetInput,
): Promise<{ facts: string[]; turns: string[] }> {
  const { query, threshold, limit, past, at } = input;
  const context = await requireContext(reader, input.caller.context);
  const sets = await reader.visibleSets(context, await narrowed(reader, input));
  if (sets !== "all" && sets.length === 0) return { facts: [], turns: [] };
  const index = await loadFacts(reader, context, sets, {
    kinds: ["attribute", "relation", "instruction"],
    past,
  });
  const facts = rankFacts(index, query, { at: past ? -Infinity : at, limit: index.facts.length })
    .filter(({ score }) => score >= threshold)
    .map(({ fact }) => fact.id);
  const turns = await matchTurns(reader, context, sets, input);
  return {
    facts: [...new Set(facts)].slice(0, limit),
    turns: turns.map((turn) => turnId(turn.sessionId, turn.seq)),
  };
}

async function matchTurns(
  reader: Reader,
  context: number,
  sets: VisibleSets,
  { query, threshold, limit, past }: MatchForgetInput,
): Promise<TurnRecord[]> {
  const terms = [...new Set(analyze(query))];
  if (terms.length === 0) return [];
  const match = await reader.matchTurns(context, sets, terms, { limit });
  const { turns } = await reader.recallSize(context, sets);
  const weights = terms.map((term) => {
    const holding = match.documentFrequency.get(term) ?? 0;
    return { term, weight: Math.log(1 + (turns - holding + 0.5) / (holding + 0.5)) };
  });
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  const carries = (turn: TurnRecord): boolean => {
    const own = new Set(turn.terms.split(" "));
    const carried = weights.reduce(
      (sum, { term, weight }) => sum + (own.has(term) ? weight : 0),
      0,
    );
    return carried / total >= threshold;
  };
  const found = match.turns.filter(carries);
  let before: number | undefined = past ? Number.MAX_SAFE_INTEGER : undefined;
  while (before !== undefined) {
    const page = await reader.unrecallableTurns(context, sets, { before, limit: PAGE });
    found.push(...page.filter(carries));
    before = page.length < PAGE ? undefined : page.at(-1)?.key;
  }
  return found;
}
