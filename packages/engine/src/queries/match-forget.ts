import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { turnId } from "../model/records.ts";
import type { Instant } from "../model/records.ts";
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
  at: Instant;
}

/** Facts and turns that speak of what is to be forgotten; what carries less than the threshold is not touched. */
export async function matchForget(
  reader: Reader,
  input: MatchForgetInput,
): Promise<{ facts: string[]; turns: string[] }> {
  const context = await requireContext(reader, input.caller.context);
  const sets = await reader.visibleSets(context, await narrowed(reader, input));
  const facts = rankFacts(await loadFacts(reader, context, sets, {}), input.query, {
    at: input.at,
    limit: input.limit,
  });
  return {
    facts: facts.filter(({ score }) => score >= input.threshold).map(({ fact }) => fact.id),
    turns: await matchTurns(reader, context, sets, input),
  };
}

async function matchTurns(
  reader: Reader,
  context: number,
  sets: VisibleSets,
  input: MatchForgetInput,
): Promise<string[]> {
  const terms = [...new Set(analyze(input.query))];
  if (terms.length === 0 || (sets !== "all" && sets.length === 0)) return [];
  const match = await reader.matchTurns(context, sets, terms, input.limit);
  const { turns } = await reader.recallSize(context, sets);
  const weight = (term: string): number => {
    const holding = match.documentFrequency.get(term) ?? 0;
    return Math.log(1 + (turns - holding + 0.5) / (holding + 0.5));
  };
  const total = terms.reduce((sum, term) => sum + weight(term), 0);
  return match.turns
    .filter((turn) => {
      const own = new Set(turn.terms.split(" "));
      const carried = terms.reduce((sum, term) => sum + (own.has(term) ? weight(term) : 0), 0);
      return carried / total >= input.threshold;
    })
    .map((turn) => turnId(turn.sessionId, turn.seq));
}
