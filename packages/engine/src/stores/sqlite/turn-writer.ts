import { MAX_TURNS_PER_SESSION } from "../../model/records.ts";
import type { TurnRecord } from "../../model/records.ts";
import { EngineError } from "../../model/errors.ts";
import type { Writer } from "../store.ts";
import { fromList } from "../rows.ts";
import { turnChecksum } from "./checked-rows.ts";
import { readTurns } from "./session-ids.ts";
import type { Statements } from "./statements.ts";

type TurnWriter = Pick<Writer, "appendTurns" | "endTurns" | "markTurns" | "eraseTurns">;

/** Set while the term index may still hold words of erased turns. */
export const ERASED_IN_INDEX = "erased_in_index";

export function createTurnWriter(db: Statements): TurnWriter {
  const read = (context: number, key: number): TurnRecord | undefined => {
    const row = db.get("SELECT * FROM turn WHERE context = ? AND key = ?", context, key);
    return row === undefined ? undefined : readTurns(db, [row])[0];
  };
  /** Rewrites one turn and keeps index and counters in step with whether recall may find it. */
  const change = (context: number, key: number, alter: (turn: TurnRecord) => TurnRecord): void => {
    const before = read(context, key);
    if (before === undefined) return;
    const after = alter(before);
    if (isIndexed(before)) unindex(db, before);
    db.run(
      `UPDATE turn SET text = ?, shown = ?, terms = ?, speaker = ?, ended_at = ?, revised_by = ?, recalled = ?, held = ?,
         findings = ?, labels = ?, checksum = ? WHERE key = ?`,
      after.text,
      after.shown,
      after.terms,
      after.speaker,
      after.endedAt,
      after.revisedBy,
      after.recalled ? 1 : 0,
      after.held ? 1 : 0,
      fromList(after.findings),
      fromList(after.labels),
      turnChecksum(after),
      key,
    );
    if (isIndexed(after)) index(db, context, after);
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
        change(context, key, (turn) =>
          turn.endedAt === null ? { ...turn, endedAt: at, revisedBy } : turn,
        );
    },

    markTurns(context, keys, mark) {
      for (const key of keys) change(context, key, (turn) => ({ ...turn, ...mark }));
    },

    eraseTurns(context, keys) {
      for (const key of keys) {
        change(context, key, (turn) => ({
          ...turn,
          text: "",
          shown: null,
          terms: "",
          speaker: null,
          recalled: false,
          findings: [],
          labels: [],
        }));
        const own = "turn = (SELECT key FROM turn WHERE key = ? AND context = ?)";
        db.run(`DELETE FROM turn_part WHERE ${own}`, key, context);
        db.run(`DELETE FROM vector WHERE ${own}`, key, context);
      }
      db.run(
        "INSERT OR IGNORE INTO setting (context, name, value) VALUES (0, ?, 1)",
        ERASED_IN_INDEX,
      );
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
