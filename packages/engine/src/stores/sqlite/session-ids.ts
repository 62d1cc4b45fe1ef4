import { damaged } from "../../model/errors.ts";
import { splitTurnKey } from "../../model/records.ts";
import type { TurnRecord } from "../../model/records.ts";
import type { Row } from "../rows.ts";
import { toSession, toTurn } from "./checked-rows.ts";
import type { Statements } from "./statements.ts";

/** `newest`: position of the session's newest turn, which the session's own count of them must equal. */
export const SESSION = `SELECT session.*, scope_set.clauses, scope_set.context AS set_context,
  coalesce((SELECT turn.key % 4194304 FROM turn WHERE turn.key > session.key * 4194304
    AND turn.key < (session.key + 1) * 4194304 ORDER BY turn.key DESC LIMIT 1), 0) AS newest
  FROM session JOIN scope_set ON scope_set.key = session.scope_set`;

/** Most ids that are kept. */
const MOST_KEPT = 100_000;

/** Ids of sessions that are there. A damaged row is refused, and so is a missing one. */
export function sessionIds(db: Statements, keys: Iterable<number>): Map<number, string> {
  const known = db.sessionIds ?? new Map<number, string>();
  if (known.size > MOST_KEPT) known.clear();
  const wanted = [...new Set(keys)];
  const unknown = wanted.filter((key) => !known.has(key));
  if (unknown.length > 0)
    for (const row of db.all(
      `${SESSION} WHERE session.key IN (SELECT value FROM json_each(?))`,
      JSON.stringify(unknown),
    ))
      known.set(row["key"] as number, toSession(row).id);
  return new Map(
    wanted.map((key) => {
      const id = known.get(key);
      if (id === undefined) throw damaged("a session is missing");
      return [key, id];
    }),
  );
}

/** Turns of rows of the table, with the ids of their sessions. */
export function readTurns(db: Statements, rows: readonly Row[]): TurnRecord[] {
  const sessionOf = (row: Row): number => splitTurnKey(row["key"] as number).session;
  const ids = sessionIds(db, rows.map(sessionOf));
  return rows.map((row) => toTurn(Object.assign(row, { session_id: ids.get(sessionOf(row)) })));
}
