import { INVARIANTS } from "../invariants.ts";
import type { VerifyReport } from "../store.ts";
import type { Connection } from "./connection.ts";

/** Counts rows and what breaks the rules between them; pages are the server's own to check. */
export async function verifyDatabase(db: Connection): Promise<VerifyReport> {
  const count = async (sql: string): Promise<number> => (await db.get(sql))?.["n"] as number;
  const problems: VerifyReport["problems"] = [];
  for (const { rule, sql } of [
    ...INVARIANTS,
    {
      rule: "the term index holds what recall may find",
      sql: `SELECT count(*) AS n FROM turn FULL JOIN (SELECT DISTINCT context, turn FROM posting) AS found
        ON found.context = turn.context AND found.turn = turn.key
        WHERE turn.key IS NULL OR (turn.active AND turn.terms <> '') <> (found.turn IS NOT NULL)`,
    },
  ]) {
    const broken = await count(sql);
    if (broken > 0) problems.push({ rule, count: broken });
  }
  const checked: VerifyReport["checked"] = {};
  for (const table of ["scope_set", "session", "turn", "entity", "statement", "fact", "answer"])
    checked[table] = await count(`SELECT count(*) AS n FROM ${table}`);
  return { ok: problems.length === 0, checked, problems };
}
