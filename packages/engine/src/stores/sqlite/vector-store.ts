import { turnKey } from "../../model/records.ts";
import type { Reader, Writer } from "../store.ts";
import { readTurns } from "./session-ids.ts";
import type { Statements } from "./statements.ts";

export function createVectorReader(
  db: Statements,
): Pick<Reader, "turnVectors" | "turnsWithoutVector" | "countVectors"> {
  return {
    turnVectors: (context, model, keys) =>
      new Map(
        db
          .all(
            `SELECT turn, vector FROM vector WHERE context = ? AND model = ?
             AND turn IN (SELECT value FROM json_each(?))`,
            context,
            model,
            JSON.stringify(keys),
          )
          .map((row) => {
            const bytes = row["vector"] as Uint8Array;
            return [row["turn"] as number, new Int8Array(bytes)];
          }),
      ),

    turnsWithoutVector(context, model, { session, before, limit }) {
      const [first, end] =
        session === undefined
          ? [0, Number.MAX_SAFE_INTEGER]
          : [turnKey(session, 0), turnKey(session + 1, 0)];
      return readTurns(
        db,
        db.all(
          `SELECT turn.* FROM turn LEFT JOIN vector ON vector.turn = turn.key AND vector.model = ?
           WHERE turn.context = ? AND turn.key > ? AND turn.key < ? AND turn.active = 1 AND vector.turn IS NULL
           ORDER BY turn.key DESC LIMIT ?`,
          model,
          context,
          first,
          Math.min(end, before ?? end),
          limit,
        ),
      );
    },

    countVectors: (context, model) =>
      db.get("SELECT count(*) AS n FROM vector WHERE context = ? AND model = ?", context, model)?.[
        "n"
      ] as number,
  };
}

export function createVectorWriter(db: Statements): Pick<Writer, "putVectors"> {
  return {
    putVectors(context, model, vectors) {
      for (const [key, vector] of vectors)
        // what was erased while the model worked gets none
        db.run(
          `INSERT INTO vector (turn, context, model, vector)
           SELECT key, context, ?, ? FROM turn WHERE key = ? AND context = ? AND recalled = 1
           ON CONFLICT DO UPDATE SET model = excluded.model, vector = excluded.vector`,
          model,
          new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength),
          key,
          context,
        );
    },
  };
}
