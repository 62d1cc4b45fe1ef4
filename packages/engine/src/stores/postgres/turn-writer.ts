import { EngineError } from "../../model/errors.ts";
import { MAX_TURNS_PER_SESSION } from "../../model/records.ts";
import type { TurnRecord } from "../../model/records.ts";
import { fromList, toTurn } from "../rows.ts";
import type { Writer } from "../store.ts";
import type { Connection } from "./connection.ts";
import { indexTerm } from "./match-turns.ts";
import { TURN } from "./schema.ts";

type TurnWriter = Pick<Writer, "appendTurns" | "endTurns" | "markTurns" | "eraseTurns">;

const COLUMNS = {
  context: "bigint",
  key: "bigint",
  scope_set: "bigint",
  role: "text",
  speaker: "text",
  text: "text",
  shown: "text",
  terms: "text",
  client_id: "text",
  ts: "bigint",
  said: "bigint",
  at: "bigint",
  first_at: "bigint",
  principal: "text",
  origin: "bigint",
  ended_at: "bigint",
  revised_by: "bigint",
  recalled: "boolean",
  held: "boolean",
  findings: "text",
  labels: "text",
} as const;

export function createTurnWriter(db: Connection): TurnWriter {
  /** Runs a change of some turns and keeps index and counters in step with what recall may find. */
  const change = async (
    context: number,
    keys: readonly number[],
    apply: () => Promise<unknown>,
  ): Promise<void> => {
    if (keys.length === 0) return;
    const read = async (): Promise<TurnRecord[]> =>
      (
        await db.all(
          `${TURN} WHERE turn.context = ? AND turn.key = ANY(?::bigint[])`,
          context,
          keys,
        )
      ).map(toTurn);
    const before = (await read()).filter(isIndexed);
    if (before.length > 0)
      await db.change(
        `DELETE FROM posting USING unnest(?::text[], ?::bigint[], ?::bigint[]) AS gone (term, scope_set, turn)
         WHERE context = ? AND posting.term = gone.term AND posting.scope_set = gone.scope_set AND posting.turn = gone.turn`,
        ...columns(before),
        context,
      );
    await apply();
    const after = (await read()).filter(isIndexed);
    await insertPostings(db, context, after);
    await count(db, context, before, after);
  };

  return {
    async appendTurns(context, session, turns, parts) {
      const last = turns.at(-1);
      if (last === undefined) return;
      if (last.seq > MAX_TURNS_PER_SESSION)
        throw new EngineError(
          "session_full",
          `A session holds at most ${MAX_TURNS_PER_SESSION} turns.`,
        );
      await db.insert(
        "turn",
        COLUMNS,
        turns.map((turn) => ({
          context,
          key: turn.key,
          scope_set: turn.scopeSet,
          role: turn.role,
          speaker: turn.speaker,
          text: turn.text,
          shown: turn.shown,
          terms: turn.terms,
          client_id: turn.clientId,
          ts: turn.ts,
          said: turn.said,
          at: turn.at,
          first_at: turn.firstAt,
          principal: turn.principal,
          origin: turn.origin,
          ended_at: turn.endedAt,
          revised_by: turn.revisedBy,
          recalled: turn.recalled,
          held: turn.held,
          findings: fromList(turn.findings),
          labels: fromList(turn.labels),
        })),
      );
      await db.insert(
        "turn_part",
        { context: "bigint", turn: "bigint", parts: "text" },
        [...parts].map(([turn, text]) => ({ context, turn, parts: text })),
      );
      const found = turns.filter(isIndexed);
      await insertPostings(db, context, found);
      await count(db, context, [], found);
      await db.change(
        "UPDATE session SET last_seq = ? WHERE context = ? AND key = ?",
        last.seq,
        context,
        session,
      );
    },

    endTurns: async (context, turns, at) =>
      change(
        context,
        turns.map(({ key }) => key),
        async () =>
          db.change(
            `UPDATE turn SET ended_at = ?, revised_by = ended.revised_by
             FROM unnest(?::bigint[], ?::bigint[]) AS ended (key, revised_by)
             WHERE context = ? AND turn.key = ended.key AND ended_at IS NULL`,
            at,
            turns.map(({ key }) => key),
            turns.map(({ revisedBy }) => revisedBy),
            context,
          ),
      ),

    async markTurns(context, keys, mark) {
      const [column, value] = "held" in mark ? ["held", mark.held] : ["recalled", mark.recalled];
      await change(context, keys, async () =>
        db.change(
          `UPDATE turn SET ${column} = ? WHERE context = ? AND key = ANY(?::bigint[])`,
          value,
          context,
          keys,
        ),
      );
    },

    eraseTurns: async (context, keys) =>
      change(context, keys, async () => {
        await db.change(
          `UPDATE turn SET text = '', shown = NULL, terms = '', speaker = NULL, recalled = false, findings = NULL,
             labels = NULL WHERE context = ? AND key = ANY(?::bigint[])`,
          context,
          keys,
        );
        for (const table of ["turn_part", "vector"])
          await db.change(
            `DELETE FROM ${table} WHERE context = ? AND turn = ANY(?::bigint[])`,
            context,
            keys,
          );
      }),
  };
}

/** Exactly the turns of the generated column `active`, in the index and in the counters. */
function isIndexed(turn: TurnRecord): boolean {
  return turn.endedAt === null && turn.recalled && !turn.held;
}

function termsOf(turn: TurnRecord): string[] {
  return turn.terms === "" ? [] : turn.terms.split(" ");
}

async function insertPostings(
  db: Connection,
  context: number,
  turns: readonly TurnRecord[],
): Promise<void> {
  await db.insert(
    "posting",
    {
      context: "bigint",
      term: "text",
      scope_set: "bigint",
      turn: "bigint",
      count: "integer",
      length: "integer",
    },
    turns.flatMap((turn) => {
      const terms = termsOf(turn);
      const counts = new Map<string, number>();
      for (const term of terms.map(indexTerm)) counts.set(term, (counts.get(term) ?? 0) + 1);
      return [...counts].map(([term, times]) => ({
        context,
        term,
        scope_set: turn.scopeSet,
        turn: turn.key,
        count: times,
        length: terms.length,
      }));
    }),
  );
}

function columns(turns: readonly TurnRecord[]): [string[], number[], number[]] {
  const rows = turns.flatMap((turn) =>
    [...new Set(termsOf(turn).map(indexTerm))].map((term) => ({ term, turn })),
  );
  return [
    rows.map(({ term }) => term),
    rows.map(({ turn }) => turn.scopeSet),
    rows.map(({ turn }) => turn.key),
  ];
}

/** Brings the counters of the sets up to date; the caller holds the sets' locks. */
async function count(
  db: Connection,
  context: number,
  gone: readonly TurnRecord[],
  come: readonly TurnRecord[],
): Promise<void> {
  const changes = new Map<number, { turns: number; terms: number }>();
  const add = (turn: TurnRecord, sign: 1 | -1): void => {
    const known = changes.get(turn.scopeSet) ?? { turns: 0, terms: 0 };
    changes.set(turn.scopeSet, {
      turns: known.turns + sign,
      terms: known.terms + sign * termsOf(turn).length,
    });
  };
  for (const turn of gone) add(turn, -1);
  for (const turn of come) add(turn, 1);
  for (const [scopeSet, { turns, terms }] of changes)
    if (turns !== 0 || terms !== 0)
      await db.change(
        "UPDATE scope_set SET turns = turns + ?, terms = terms + ? WHERE context = ? AND key = ?",
        turns,
        terms,
        context,
        scopeSet,
      );
}
