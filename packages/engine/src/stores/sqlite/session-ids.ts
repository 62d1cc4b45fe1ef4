import { damaged } from "../../model/errors.ts";
import { splitTurnKey } from "../../model/records.ts";
import type { TurnRecord } from "../../model/records.ts";
import type { Row } from "../rows.ts";
import { toSession, toTurn } from "./checked-rows.ts";
import type { Statements } from "./statements.ts";

/** `newest`: position of the session's newest turn, which the session's own count of them must equal. */
export const SESSION = `SELECT session.*, scope_set.clauses,
  coalesce((SELECT turn.key % 4194304 FROM turn WHERE turn.key > session.key * 4194304
    AND turn.key < (session.key + 1) * 4194304 ORDER BY turn.key DESC LIMIT 1), 0) AS newest
  FROM session JOIN scope_set ON scope_set.key = session.scope_set`;

/** Ids of sessions that are there. A damaged row is refused, and so is a missing one. */
export function sessionIds(db: Statements, keys: Iterable<number>): Map<number, string> {
  const wanted = [...new Set(keys)];
  const ids = new Map(
    db
      .all(
        `${SESSION} WHERE session.key IN (SELECT value FROM json_each(?))`,
        JSON.stringify(wanted),
      )
      .map((row) => [row["key"] as number, toSession(row).id]),
  );
  if (ids.size !== wanted.length) throw damaged("a session is missing");
  return ids;
}

/** Turns of rows of the table, with the ids of their sessions. */
export function readTurns(db: Statements, rows: readonly Row[]): TurnRecord[] {
  const sessionOf = (row: Row): number => splitTurnKey(row["key"] as number).session;
  const ids = sessionIds(db, rows.map(sessionOf));
  return rows.map((row) => toTurn(Object.assign(row, { session_id: ids.get(sessionOf(row)) })));
}
