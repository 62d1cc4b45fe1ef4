import { MAX_TURNS_PER_SESSION } from "../../model/records.ts";
import type { TurnRecord } from "../../model/records.ts";
import { EngineError } from "../../model/errors.ts";
import type { Writer } from "../store.ts";
import { fromList } from "../rows.ts";
import { toTurn, turnChecksum } from "./checked-rows.ts";
import type { Statements } from "./statements.ts";

type TurnWriter = Pick<Writer, "appendTurns" | "endTurns" | "markTurns" | "eraseTurns">;

export function createTurnWriter(db: Statements): TurnWriter {
  const read = (context: number, key: number): TurnRecord | undefined => {
    const row = db.get(
      `SELECT turn.*, session.id AS session_id FROM turn JOIN session ON session.key = turn.key >> 22
       WHERE turn.context = ? AND turn.key = ?`,
      context,
      key,
    );
    return row === undefined ? undefined : toTurn(row);
  };
  /** Runs a change of one turn and keeps index and counters in step with whether recall may find it. */
  const change = (context: number, key: number, apply: (turn: TurnRecord) => void): void => {
    const before = read(context, key);
    if (before === undefined) return;
    if (isIndexed(before)) unindex(db, before);
    apply(before);
    const after = read(context, key);
    if (after !== undefined && isIndexed(after)) index(db, context, after);
  };

  return {
    appendTurns(context, session, turns, parts) {
      const last = turns.at(-1);
      if (last === undefined) return;
      if (last.seq > MAX_TURNS_PER_SESSION)
        throw new EngineError(
          "session_full",
          `A session holds at most ${MAX_TURNS_PER_SESSION} turns.`,
        );
      for (const turn of turns) {
        db.run(
          `INSERT INTO turn (key, context, scope_set, role, speaker, text, shown, terms, client_id, ts, said, at, first_at,
             principal, origin, ended_at, revised_by, recalled, held, findings, labels, checksum)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          turn.key,
          context,
          turn.scopeSet,
          turn.role,
          turn.speaker,
          turn.text,
          turn.shown,
          turn.terms,
          turn.clientId,
          turn.ts,
          turn.said,
          turn.at,
          turn.firstAt,
          turn.principal,
          turn.origin,
          turn.endedAt,
          turn.revisedBy,
          turn.recalled ? 1 : 0,
          turn.held ? 1 : 0,
          fromList(turn.findings),
          fromList(turn.labels),
          turnChecksum(turn),
        );
        const part = parts.get(turn.key);
        if (part !== undefined)
          db.run("INSERT INTO turn_part (turn, parts) VALUES (?, ?)", turn.key, part);
        if (isIndexed(turn)) index(db, context, turn);
      }
      db.run(
        "UPDATE session SET last_seq = ? WHERE context = ? AND key = ?",
        last.seq,
        context,
        session,
      );
    },

    endTurns(context, turns, at) {
      for (const { key, revisedBy } of turns)
        change(context, key, () => {
          db.run(
            "UPDATE turn SET ended_at = ?, revised_by = ? WHERE key = ? AND ended_at IS NULL",
            at,
            revisedBy,
            key,
          );
        });
    },

    markTurns(context, keys, mark) {
      const [column, value] = "held" in mark ? ["held", mark.held] : ["recalled", mark.recalled];
      for (const key of keys)
        change(context, key, () => {
          db.run(`UPDATE turn SET ${column} = ? WHERE key = ?`, value ? 1 : 0, key);
        });
    },

    eraseTurns(context, keys) {
      for (const key of keys)
        change(context, key, (turn) => {
          const erased: TurnRecord = {
            ...turn,
            text: "",
            shown: null,
            terms: "",
            speaker: null,
            findings: [],
            labels: [],
          };
          db.run(
            `UPDATE turn SET text = '', shown = NULL, terms = '', speaker = NULL, recalled = 0,
               findings = NULL, labels = NULL, checksum = ? WHERE key = ?`,
            turnChecksum(erased),
            key,
          );
          db.run("DELETE FROM turn_part WHERE turn = ?", key);
          db.run("DELETE FROM vector WHERE turn = ?", key);
        });
    },
  };
}

/** Exactly the turns of the generated column `active`, in the index and in the counters. */
function isIndexed(turn: TurnRecord): boolean {
  return turn.endedAt === null && turn.recalled && !turn.held;
}

function index(db: Statements, context: number, turn: TurnRecord): void {
  db.run(
    "INSERT INTO turn_index (rowid, scope, terms) VALUES (?, ?, ?)",
    turn.key,
    `c${context} s${turn.scopeSet}`,
    turn.terms,
  );
  count(db, turn, 1);
}

function unindex(db: Statements, turn: TurnRecord): void {
  db.run("DELETE FROM turn_index WHERE rowid = ?", turn.key);
  count(db, turn, -1);
}

function count(db: Statements, turn: TurnRecord, sign: 1 | -1): void {
  const terms = turn.terms === "" ? 0 : turn.terms.split(" ").length;
  db.run(
    "UPDATE scope_set SET turns = turns + ?, terms = terms + ? WHERE key = ?",
    sign,
    sign * terms,
    turn.scopeSet,
  );
}
