import { splitTurnKey, turnKey } from "../../model/records.ts";
import type { Reader } from "../store.ts";
import { toTurn } from "../rows.ts";
import { setFilter, when } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { matchTurns } from "./match-turns.ts";
import { TURN } from "./schema.ts";

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

export function createTurnReader(db: Connection): TurnReader {
  return {
    async turns(context, filter) {
      const forward = filter.order !== "newest";
      const [order, beyond] = forward ? ["ASC", ">"] : ["DESC", "<"];
      const column = filter.view === "all" ? "turn.key" : "turn.origin";
      const client = when("turn.client_id = ?", filter.clientId);
      const after =
        filter.after === undefined
          ? { sql: "true", values: [] }
          : filter.view === "all"
            ? { sql: `turn.key ${beyond} ?`, values: [filter.after.key] }
            : {
                sql: `(turn.origin, turn.key) ${beyond} (?, ?)`,
                values: [filter.after.origin, filter.after.key],
              };
      const rows = await db.all(
        `${TURN} WHERE turn.context = ? AND ${column} > ? AND ${column} < ?
         AND ${filter.view === "all" ? "true" : "turn.ended_at IS NULL"} AND ${after.sql} AND ${client.sql}
         ORDER BY ${filter.view === "all" ? "" : `turn.origin ${order},`} turn.key ${order} LIMIT ? OFFSET ?`,
        context,
        turnKey(filter.session, 0),
        turnKey(filter.session + 1, 0),
        ...after.values,
        ...client.values,
        filter.limit,
        filter.offset ?? 0,
      );
      return rows.map(toTurn);
    },

    countSessionTurns: async (context, session) =>
      (
        await db.get(
          "SELECT count(*) AS n FROM turn WHERE context = ? AND key > ? AND key < ? AND ended_at IS NULL",
          context,
          turnKey(session, 0),
          turnKey(session + 1, 0),
        )
      )?.["n"] as number,

    turnsByKey: async (context, keys) =>
      keys.length === 0
        ? []
        : (
            await db.all(
              `${TURN} WHERE turn.context = ? AND turn.key = ANY(?::bigint[]) ORDER BY turn.key`,
              context,
              keys,
            )
          ).map(toTurn),

    turnVersions: async (context, origin) =>
      (
        await db.all(
          `${TURN} WHERE turn.context = ? AND turn.key >= ? AND turn.key < ? AND turn.origin = ? ORDER BY turn.key`,
          context,
          origin,
          turnKey(splitTurnKey(origin).session + 1, 0),
          origin,
        )
      ).map(toTurn),

    async turnByClientId(context, session, clientId) {
      const row = await db.get(
        `${TURN} WHERE turn.context = ? AND turn.key >> 22 = ? AND turn.client_id = ? AND turn.ended_at IS NULL`,
        context,
        session,
        clientId,
      );
      return row === undefined ? undefined : toTurn(row);
    },

    turnParts: async (context, keys) =>
      new Map(
        (
          await db.all(
            "SELECT turn, parts FROM turn_part WHERE context = ? AND turn = ANY(?::bigint[])",
            context,
            keys,
          )
        ).map((row) => [row["turn"] as number, row["parts"] as string]),
      ),

    async recallableTurns(context, sets, { limit, asOf }) {
      const filter = setFilter("turn.scope_set", sets);
      const moment =
        asOf === undefined
          ? { sql: "turn.active", values: [] }
          : {
              sql: "turn.recalled AND NOT turn.held AND turn.at <= ? AND (turn.ended_at IS NULL OR turn.ended_at > ?)",
              values: [asOf, asOf],
            };
      const rows = await db.all(
        `${TURN} WHERE turn.context = ? AND ${filter.sql} AND ${moment.sql} ORDER BY turn.key DESC LIMIT ?`,
        context,
        ...filter.values,
        ...moment.values,
        limit,
      );
      return rows.map(toTurn);
    },

    async recallableKeys(context, sets, limit) {
      const filter = setFilter("scope_set", sets);
      const rows = await db.all(
        `SELECT key FROM turn WHERE context = ? AND ${filter.sql} AND active ORDER BY key DESC LIMIT ?`,
        context,
        ...filter.values,
        limit,
      );
      return rows.map((row) => row["key"] as number);
    },

    async recallSize(context, sets) {
      const filter = setFilter("key", sets);
      const row = await db.get(
        `SELECT coalesce(sum(turns), 0)::bigint AS turns, coalesce(sum(terms), 0)::bigint AS terms FROM scope_set
         WHERE context = ? AND ${filter.sql}`,
        context,
        ...filter.values,
      );
      return { turns: row?.["turns"] as number, terms: row?.["terms"] as number };
    },

    matchTurns: async (context, sets, terms, options) =>
      matchTurns(db, context, sets, terms, options),

    async unrecallableTurns(context, sets, { before = Number.MAX_SAFE_INTEGER, limit }) {
      const filter = setFilter("turn.scope_set", sets);
      const rows = await db.all(
        `${TURN} WHERE turn.context = ? AND ${filter.sql} AND NOT turn.active AND turn.text <> '' AND turn.key < ?
         ORDER BY turn.key DESC LIMIT ?`,
        context,
        ...filter.values,
        before,
        limit,
      );
      return rows.map(toTurn);
    },

    async heldTurns(context, sets, limit) {
      const filter = setFilter("turn.scope_set", sets);
      const rows = await db.all(
        `${TURN} WHERE turn.context = ? AND ${filter.sql} AND turn.held AND turn.ended_at IS NULL
         ORDER BY turn.key DESC LIMIT ?`,
        context,
        ...filter.values,
        limit,
      );
      return rows.map(toTurn);
    },
  };
}
