import { turnKey } from "../../model/records.ts";
import { toTurn } from "../rows.ts";
import type { Reader, Writer } from "../store.ts";
import type { Connection } from "./connection.ts";

export function createVectorReader(
  db: Connection,
): Pick<Reader, "turnVectors" | "turnsWithoutVector" | "countVectors"> {
  return {
    turnVectors: async (context, model, keys) =>
      new Map(
        (
          await db.all(
            "SELECT turn, vector FROM vector WHERE context = ? AND model = ? AND turn = ANY(?::bigint[])",
            context,
            model,
            keys,
          )
        ).map((row) => [row["turn"] as number, new Int8Array(row["vector"] as Uint8Array)]),
      ),

    async turnsWithoutVector(context, model, { session, before, limit }) {
      const [first, end] =
        session === undefined
          ? [0, Number.MAX_SAFE_INTEGER]
          : [turnKey(session, 0), turnKey(session + 1, 0)];
      const rows = await db.all(
        `SELECT turn.*, session.id AS session_id FROM turn
         JOIN session ON session.context = turn.context AND session.key = turn.key >> 22
         LEFT JOIN vector ON vector.context = turn.context AND vector.turn = turn.key AND vector.model = ?
         WHERE turn.context = ? AND turn.key > ? AND turn.key < ? AND turn.active AND vector.turn IS NULL
         ORDER BY turn.key DESC LIMIT ?`,
        model,
        context,
        first,
        Math.min(end, before ?? end),
        limit,
      );
      return rows.map(toTurn);
    },

    countVectors: async (context, model) =>
      (
        await db.get(
          "SELECT count(*) AS n FROM vector WHERE context = ? AND model = ?",
          context,
          model,
        )
      )?.["n"] as number,
  };
}

export function createVectorWriter(db: Connection): Pick<Writer, "putVectors"> {
  return {
    async putVectors(context, model, vectors) {
      // in one order for all writers; what was erased while the model worked gets none
      const sorted = [...vectors].toSorted(([a], [b]) => a - b);
      await db.change(
        `INSERT INTO vector (context, turn, model, vector)
         SELECT turn.context, turn.key, ?, made.vector FROM unnest(?::bigint[], ?::bytea[]) AS made (key, vector)
         JOIN turn ON turn.context = ? AND turn.key = made.key AND turn.recalled ORDER BY turn.key
         ON CONFLICT (context, turn) DO UPDATE SET model = excluded.model, vector = excluded.vector`,
        model,
        sorted.map(([key]) => key),
        sorted.map(([, vector]) =>
          Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
        ),
        context,
      );
    },
  };
}
