import { parseTurnId, turnKey } from "../model/records.ts";
import type { TurnRecord } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";

/** Turns by their public ids; ids of anything else, or of nothing, are passed over. */
export async function findTurns(
  reader: Reader,
  context: number,
  ids: readonly string[],
): Promise<TurnRecord[]> {
  const keys: number[] = [];
  for (const id of ids) {
    const name = /^(?:turn:)?turn_([0-9a-z]+)_\d+$/.exec(id)?.[1];
    const session = name === undefined ? undefined : await reader.session(context, `sess_${name}`);
    const seq = session === undefined ? undefined : parseTurnId(session.id, id);
    if (session !== undefined && seq !== undefined) keys.push(turnKey(session.key, seq));
  }
  return reader.turnsByKey(context, keys);
}
