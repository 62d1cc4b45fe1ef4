import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { turnId } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";

export interface QuarantineRow {
  id: string;
  sessionId: string;
  role: string;
  text: string;
  /** Kinds of injection that were found (contract 7.17). */
  findings: string[];
  createdAt: string;
}

/** Turns that are held back from recall, newest first. */
export async function listQuarantine(
  reader: Reader,
  input: { caller: Caller; clamp: ReadClamp; limit: number },
): Promise<{ rows: QuarantineRow[] }> {
  const context = await requireContext(reader, input.caller.context);
  const sets = await reader.visibleSets(context, input.clamp);
  const turns = await reader.heldTurns(context, sets, input.limit);
  return {
    rows: turns.map((turn) => ({
      id: turnId(turn.sessionId, turn.seq),
      sessionId: turn.sessionId,
      role: turn.role,
      text: turn.text,
      findings: turn.findings,
      createdAt: new Date(turn.at).toISOString(),
    })),
  };
}
