import { CANDIDATES_PER_HIT, rankByTerms, rarestTerms } from "../match-terms.ts";
import type { Reader, TermMatch, TermMatchOptions, TurnFilter, VisibleSets } from "../store.ts";
import { damaged } from "../../model/errors.ts";
import { splitTurnKey, turnKey } from "../../model/records.ts";
import { readTurns } from "./session-ids.ts";
import { setFilter } from "./statements.ts";
import type { Statements } from "./statements.ts";

const TURN = "SELECT * FROM turn";

/** Many sets cost more as index terms than as a filter afterwards. */
const MOST_SETS_IN_INDEX = 256;

type TurnReader = Pick<
  Reader,
  | "turns"
  | "countSessionTurns"
  | "turnsByKey"
  | "turnVersions"
  | "turnByClientId"
  | "turnParts"
  | "recallableTurns"
  | "recallableKeys"
  | "recallSize"
  | "matchTurns"
  | "unrecallableTurns"
  | "heldTurns"
>;

export function createTurnReader(db: Statements): TurnReader {
  return {
    turns(context, filter) {
      const forward = filter.order !== "newest";
      const [first, end] = [turnKey(filter.session, 0), turnKey(filter.session + 1, 0)];
      const order = forward ? "ASC" : "DESC";
      const beyond = forward ? ">" : "<";
      const after = filter.after ?? (forward ? { origin: 0, key: 0 } : { origin: end, key: end });
      const rows =
        filter.view === "all"
          ? db.all(
              `${TURN} WHERE turn.key > ? AND turn.key < ? AND turn.context = ? AND turn.key ${beyond} ?
               AND (? IS NULL OR turn.client_id = ?) ORDER BY turn.key ${order} LIMIT ? OFFSET ?`,
              first,
              end,
              context,
              after.key,
              filter.clientId ?? null,
              filter.clientId ?? null,
              filter.limit,
              filter.offset ?? 0,
            )
          : db.all(
              `${TURN} WHERE turn.origin > ? AND turn.origin < ? AND turn.context = ? AND turn.ended_at IS NULL
               AND (turn.origin, turn.key) ${beyond} (?, ?) AND (? IS NULL OR turn.client_id = ?)
               ORDER BY turn.origin ${order}, turn.key ${order} LIMIT ? OFFSET ?`,
              first,
              end,
              context,
              after.origin,
              after.key,
              filter.clientId ?? null,
              filter.clientId ?? null,
              filter.limit,
              filter.offset ?? 0,
            );
      const isEnd = rows.length < filter.limit && filter.clientId === undefined;
      const isAll = isEnd && filter.after === undefined && (filter.offset ?? 0) === 0;
      if (isEnd) requireWholeSession(db, filter, isAll ? rows.length : undefined);
      return readTurns(db, rows);
    },

    countSessionTurns: (context, session) =>
      db.get(
        "SELECT count(*) AS n FROM turn WHERE context = ? AND key > ? AND key < ? AND ended_at IS NULL",
        context,
        turnKey(session, 0),
        turnKey(session + 1, 0),
      )?.["n"] as number,

    turnsByKey: (context, keys) =>
      readTurns(
        db,
        db.all(
          `${TURN} WHERE turn.context = ? AND turn.key IN (SELECT value FROM json_each(?)) ORDER BY turn.key`,
          context,
          JSON.stringify(keys),
        ),
      ),

    turnVersions: (context, origin) =>
      readTurns(
        db,
        db.all(
          `${TURN} WHERE turn.context = ? AND turn.key >= ? AND turn.key < ? AND turn.origin = ? ORDER BY turn.key`,
          context,
          origin,
          turnKey(splitTurnKey(origin).session + 1, 0),
          origin,
        ),
      ),

    turnByClientId(context, session, clientId) {
      const row = db.get(
        `${TURN} WHERE turn.key >> 22 = ? AND turn.client_id = ? AND turn.ended_at IS NULL AND turn.context = ?`,
        session,
        clientId,
        context,
      );
      return row === undefined ? undefined : readTurns(db, [row])[0];
    },

    turnParts: (context, keys) =>
      new Map(
        db
          .all(
            `SELECT turn_part.turn, turn_part.parts FROM turn_part JOIN turn ON turn.key = turn_part.turn
             WHERE turn.context = ? AND turn_part.turn IN (SELECT value FROM json_each(?))`,
            context,
            JSON.stringify(keys),
          )
          .map((row) => [row["turn"] as number, row["parts"] as string]),
      ),

    recallableTurns(context, sets, { limit, asOf }) {
      // the unary plus keeps the planner on the scope index instead of a walk over all turns
      const filter = setFilter("turn.scope_set", sets);
      const order = `ORDER BY ${sets === "all" ? "" : "+"}turn.key DESC LIMIT ?`;
      const rows =
        asOf === undefined
          ? db.all(
              `${TURN} WHERE turn.context = ? AND ${filter.sql} AND turn.active = 1 ${order}`,
              context,
              filter.value,
              limit,
            )
          : db.all(
              `${TURN} WHERE turn.context = ? AND ${filter.sql} AND turn.recalled = 1 AND turn.held = 0
               AND turn.at <= ? AND (turn.ended_at IS NULL OR turn.ended_at > ?) ${order}`,
              context,
              filter.value,
              asOf,
              asOf,
              limit,
            );
      if (asOf === undefined && rows.length < limit) requireAllRecallable(db, context, sets, rows);
      return readTurns(db, rows);
    },

    recallableKeys(context, sets, limit) {
      const filter = setFilter("scope_set", sets);
      // sets belong to one context, and without the test of it the index alone answers
      const rows =
        sets === "all"
          ? db.all(
              "SELECT key FROM turn WHERE context = ? AND active = 1 ORDER BY key DESC LIMIT ?",
              context,
              limit,
            )
          : db.all(
              `SELECT key FROM turn WHERE ${filter.sql} AND active = 1 ORDER BY +key DESC LIMIT ?`,
              filter.value,
              limit,
            );
      if (rows.length < limit) requireAllRecallable(db, context, sets, rows);
      return rows.map((row) => row["key"] as number);
    },

    recallSize: (context, sets) => recallSize(db, context, sets),

    matchTurns: (context, sets, terms, options) => matchTurns(db, context, sets, terms, options),

    unrecallableTurns(context, sets, { before = Number.MAX_SAFE_INTEGER, limit }) {
      const filter = setFilter("turn.scope_set", sets);
      return readTurns(
        db,
        db.all(
          `${TURN} WHERE turn.context = ? AND ${filter.sql} AND turn.active = 0 AND turn.text <> '' AND turn.key < ?
           ORDER BY turn.key DESC LIMIT ?`,
          context,
          filter.value,
          before,
          limit,
        ),
      );
    },

    heldTurns(context, sets, limit) {
      const filter = setFilter("turn.scope_set", sets);
      return readTurns(
        db,
        db.all(
          `${TURN} WHERE turn.context = ? AND ${filter.sql} AND turn.held = 1 AND turn.ended_at IS NULL
           ORDER BY turn.key DESC LIMIT ?`,
          context,
          filter.value,
          limit,
        ),
      );
    },
  };
}

function matchTurns(
  db: Statements,
  context: number,
  sets: VisibleSets,
  terms: readonly string[],
  { limit, known = new Map() }: TermMatchOptions,
): TermMatch {
  const quote = (term: string): string => `"${term.replaceAll('"', "")}"`;
  const named = sets !== "all" && sets.length <= MOST_SETS_IN_INDEX;
  const tokens = named ? sets.map((set) => `s${set}`) : [`c${context}`];
  const scope = `scope : (${tokens.join(" OR ")})`;
  const documentFrequency = new Map(
    terms.map((term) => [
      term,
      known.get(term) ??
        (db.get(
          "SELECT count(*) AS n FROM turn_index WHERE turn_index MATCH ?",
          `${scope} AND terms : (${quote(term)})`,
        )?.["n"] as number),
    ]),
  );
  const chosen = rarestTerms(terms, documentFrequency);
  if (chosen.length === 0) return { turns: [], documentFrequency };
  const isWhole = terms.every((term) => chosen.includes(term) || documentFrequency.get(term) === 0);
  const filter = setFilter("turn.scope_set", sets);
  // bm25 weighs the scope column with 0: it selects, it does not rank
  const turns = readTurns(
    db,
    db.all(
      `SELECT turn.* FROM
         (SELECT rowid AS key, bm25(turn_index, 0, 1) AS rank FROM turn_index WHERE turn_index MATCH ?) AS hit
       JOIN turn ON turn.key = hit.key
       WHERE turn.context = ? AND turn.active = 1 AND ${filter.sql} ORDER BY hit.rank, turn.key LIMIT ?`,
      `${scope} AND terms : (${chosen.map(quote).join(" OR ")})`,
      context,
      filter.value,
      isWhole ? limit : limit * CANDIDATES_PER_HIT,
    ),
  );
  if (isWhole) return { turns, documentFrequency };
  const size = recallSize(db, context, sets);
  const counts = {
    turns: size.turns,
    averageLength: Math.max(1, size.terms / Math.max(1, size.turns)),
    held: documentFrequency,
  };
  return { turns: rankByTerms(turns, terms, counts, { limit }), documentFrequency };
}

/**
 * A page that is not full says that there are no more turns; so would a damaged index. What the session knows of its
 * length, the table and the index tell which it is.
 *
 * @throws EngineError `store_corrupt`
 */
function requireWholeSession(
  db: Statements,
  { session, view }: Pick<TurnFilter, "session" | "view">,
  found: number | undefined,
): void {
  const range = [turnKey(session, 0), turnKey(session + 1, 0)];
  const row = db.get(
    `SELECT (SELECT last_seq FROM session WHERE key = ?) AS positions,
       (SELECT count(*) FROM turn NOT INDEXED WHERE key > ? AND key < ?) AS stored,
       (SELECT count(*) FROM turn NOT INDEXED WHERE key > ? AND key < ? AND ended_at IS NULL) AS present,
       (SELECT count(*) FROM turn INDEXED BY turn_order WHERE origin > ? AND origin < ? AND ended_at IS NULL) AS listed`,
    session,
    ...range,
    ...range,
    ...range,
  );
  const expected = row?.[view === "all" ? "stored" : "present"];
  if (
    row?.["positions"] !== row?.["stored"] ||
    row?.["present"] !== row?.["listed"] ||
    (found !== undefined && found !== expected)
  )
    throw damaged("turns of a session are missing");
}

/** A list of all that recall may find is as long as the counters say, or an index is damaged. */
function requireAllRecallable(
  db: Statements,
  context: number,
  sets: VisibleSets,
  found: readonly unknown[],
): void {
  if (found.length !== recallSize(db, context, sets).turns)
    throw damaged("turns that recall may find are missing");
}

function recallSize(
  db: Statements,
  context: number,
  sets: VisibleSets,
): { turns: number; terms: number } {
  const filter = setFilter("key", sets);
  const row = db.get(
    `SELECT coalesce(sum(turns), 0) AS turns, coalesce(sum(terms), 0) AS terms FROM scope_set
     WHERE context = ? AND ${filter.sql}`,
    context,
    filter.value,
  );
  return { turns: row?.["turns"] as number, terms: row?.["terms"] as number };
}
