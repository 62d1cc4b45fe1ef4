import { INVARIANTS } from "../invariants.ts";
import type { Row } from "../rows.ts";
import type { VerifyReport } from "../store.ts";
import {
  toAnswer,
  toClauses,
  toEntity,
  toFact,
  toSession,
  toStatement,
  toTurn,
} from "./checked-rows.ts";
import type { Statements } from "./statements.ts";

/** Rows that are read at a time. */
const PAGE = 1000;

/** Tables whose rows carry a checksum, with what orders them. */
const CHECKED: readonly (readonly [
  table: string,
  key: string,
  from: string,
  read: (row: Row) => unknown,
])[] = [
  ["scope_set", "key", "scope_set", (row) => toClauses(row["context"] as number, row)],
  [
    "session",
    "session.key",
    "session JOIN scope_set ON scope_set.key = session.scope_set",
    toSession,
  ],
  ["turn", "turn.key", "turn JOIN session ON session.key = turn.key >> 22", toTurn],
  ["entity", "key", "entity", toEntity],
  ["statement", "row", "statement", toStatement],
  ["fact", "row", "fact", toFact],
];

/** Reads everything once: pages, indexes, the checksum of each row, and what must hold between rows. */
export async function verifyDatabase(db: Statements): Promise<VerifyReport> {
  const problems: VerifyReport["problems"] = [];
  const checked: VerifyReport["checked"] = {};
  const report = (rule: string, broken: number): void => {
    if (broken > 0) problems.push({ rule, count: broken });
  };
  // a look-up refreshes what the connection knows of the index; the check alone would take a merge elsewhere for damage
  db.get("SELECT count(*) AS n FROM turn_index WHERE turn_index MATCH 'x'");
  const pages = db.all("PRAGMA integrity_check").filter((row) => row["integrity_check"] !== "ok");
  report("the pages and indexes of the file are whole", pages.length);
  for (const [table, key, from, read] of CHECKED)
    report(`every ${table} matches its checksum`, readAll(table, key, from, read));
  const answers = db.all("SELECT * FROM answer");
  checked["answer"] = answers.length;
  report(
    "every answer matches its checksum",
    answers.filter((row) => isDamaged(row, toAnswer)).length,
  );
  for (const { rule, sql } of INVARIANTS) report(rule, count(sql));
  report(
    "counters tell how many facts are believed and how many sessions there are",
    count(
      `SELECT count(*) AS n FROM scope_set WHERE facts <> (SELECT count(*) FROM fact
         WHERE fact.context = scope_set.context AND fact.scope_set = scope_set.key AND known_to IS NULL)
       OR sessions <> (SELECT count(*) FROM session WHERE session.scope_set = scope_set.key)`,
    ),
  );
  report(
    "the term index holds what recall may find",
    Math.abs(
      count("SELECT count(*) AS n FROM turn_index") -
        count("SELECT count(*) AS n FROM turn WHERE active = 1"),
    ),
  );
  return { ok: problems.length === 0, checked, problems };

  function count(sql: string): number {
    return db.get(sql)?.["n"] as number;
  }

  function readAll(table: string, key: string, from: string, read: (row: Row) => unknown): number {
    const extra =
      { session: ", scope_set.clauses", turn: ", session.id AS session_id" }[table] ?? "";
    let damaged = 0;
    let total = 0;
    for (let last = Number.MIN_SAFE_INTEGER; ;) {
      const rows = db.all(
        `SELECT ${table}.*${extra}, ${key} AS position FROM ${from} WHERE ${key} > ? ORDER BY ${key} LIMIT ${PAGE}`,
        last,
      );
      total += rows.length;
      damaged += rows.filter((row) => isDamaged(row, read)).length;
      const end = rows.at(-1);
      if (end === undefined) break;
      last = end["position"] as number;
    }
    checked[table] = total;
    return damaged;
  }
}

function isDamaged(row: Row, read: (row: Row) => unknown): boolean {
  try {
    read(row);
    return false;
  } catch {
    return true;
  }
}
