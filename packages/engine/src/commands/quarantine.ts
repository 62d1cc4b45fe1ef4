import { mayWrite } from "../model/clamp.ts";
import type { TurnRecord } from "../model/records.ts";
import type { Writer } from "../stores/store.ts";
import { createIdMaker, requireContext } from "./command.ts";
import type { Caller, CommandSeed } from "./command.ts";
import { findTurns } from "./find-turns.ts";
import { keysBySet, refold } from "./fold-statements.ts";

/**
 * Puts turns into quarantine or back: while held they are listed in the transcript, never recalled, and what they
 * state counts for nothing. Ids that the caller may not forget in are passed over.
 */
export async function holdTurns(
  writer: Writer,
  input: { caller: Caller; seed: CommandSeed; ids: readonly string[]; held: boolean },
): Promise<{ changed: number }> {
  const context = await requireContext(writer, input.caller.context);
  const turns: TurnRecord[] = [];
  for (const turn of await findTurns(writer, context, input.ids)) {
    const scopes = await writer.scopeSet(context, turn.scopeSet);
    if (turn.held !== input.held && mayWrite(scopes, input.caller.forget)) turns.push(turn);
  }
  if (turns.length === 0) return { changed: 0 };
  const sets = [...new Set(turns.map(({ scopeSet }) => scopeSet))];
  const at = await writer.lockScopeSets(context, sets, input.seed.now);
  const keys = turns.map(({ key }) => key);
  await writer.markTurns(context, keys, { held: input.held });
  const statements = await writer.statements(context, { turns: keys });
  await writer.holdStatements(
    context,
    statements.map(({ row }) => row),
    input.held,
  );
  for (const [scopeSet, names] of keysBySet(statements))
    await refold(writer, context, scopeSet, names, at);
  await writer.appendTrace(context, {
    id: createIdMaker(input.seed)("tr"),
    kind: "decision",
    scopeSet: sets[0] ?? null,
    principal: input.caller.principal,
    at,
    data: { operation: input.held ? "hold" : "restore", ids: input.ids },
  });
  return { changed: turns.length };
}
