import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { VisibleSets } from "../store.ts";
import type { Row } from "../rows.ts";

/** Prepared statements by their text; texts are constants, so the cache stays small. */
export interface Statements {
  /** Ids of sessions that were read, which never change; absent where uncommitted rows can be seen. */
  readonly sessionIds?: Map<number, string> | undefined;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  /** Answers with the rowid of an insert. */
  run(sql: string, ...values: SQLInputValue[]): number;
  /** Answers with the number of rows that changed. */
  change(sql: string, ...values: SQLInputValue[]): number;
}

export function createStatements(
  database: DatabaseSync,
  options: { sessionIds?: Map<number, string> | undefined } = {},
): Statements {
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = database.prepare(sql);
    prepared.set(sql, made);
    return made;
  };
  return {
    sessionIds: options.sessionIds,
    all: (sql, ...values) => statement(sql).all(...values),
    get: (sql, ...values) => statement(sql).get(...values),
    run: (sql, ...values) => Number(statement(sql).run(...values).lastInsertRowid),
    change: (sql, ...values) => Number(statement(sql).run(...values).changes),
  };
}

/** `json_each` over the named sets, so that a statement's text does not depend on their number. */
export function setFilter(column: string, sets: VisibleSets): { sql: string; value: string } {
  return sets === "all"
    ? { sql: "?", value: "1" }
    : { sql: `${column} IN (SELECT value FROM json_each(?))`, value: JSON.stringify(sets) };
}

/** A value for a test such as `(? IS NULL OR column = ?)`. */
export function twice(value: SQLInputValue): [SQLInputValue, SQLInputValue] {
  return [value, value];
}
