import { DatabaseSync } from "node:sqlite";
import { APPLICATION_ID, MIGRATIONS, PREVIEW_VERSION } from "../src/stores/sqlite/schema.ts";

/** Every schema version that a file in use may have, but for the newest. */
export const OLD_VERSIONS: readonly number[] = MIGRATIONS.slice(1).map(
  (_, index) => PREVIEW_VERSION + index + 1,
);

/** Makes a file of an older version by its own migrations, with what a file of this version holds and that one may. */
export function makeOldFile(source: string, target: string, version: number): void {
  const database = new DatabaseSync(target);
  try {
    for (const sql of MIGRATIONS.slice(0, version - PREVIEW_VERSION)) database.exec(sql);
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version}`,
    );
    database.prepare("ATTACH ? AS newer").run(source);
    for (const table of tablesOf(database)) {
      const columns = columnsOf(database, table);
      database.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM newer.${table}`);
    }
    database.exec(
      `INSERT INTO main.turn_index (rowid, scope, terms)
       SELECT key, 'c' || context || ' s' || scope_set, terms FROM main.turn WHERE active`,
    );
    // what traces were like before their reasons lay by column, which the third migration removes
    if (version < PREVIEW_VERSION + 3)
      database.exec(
        `INSERT INTO main.trace (context, id, kind, principal, at, data)
       SELECT context, 'old', 'retrieval', principal, created_at, '{}' FROM main.session LIMIT 1`,
      );
  } finally {
    database.close();
  }
}

/** All rows of all tables, by table, with what the term index knows of each turn. */
export function rowsOf(path: string): Record<string, unknown[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const all = (from: string): unknown[] => database.prepare(`SELECT ${from} ORDER BY 1, 2`).all();
    return {
      ...Object.fromEntries(tablesOf(database).map((table) => [table, all(`* FROM ${table}`)])),
      turn_index: all("id, sz FROM turn_index_docsize"),
      schema: all("name, sql FROM sqlite_schema"),
    };
  } finally {
    database.close();
  }
}

function tablesOf(database: DatabaseSync): string[] {
  return database
    .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .map(({ name }) => String(name))
    .filter((name) => !/^(turn_index|sqlite_)/.test(name));
}

/** Without those that are computed. */
function columnsOf(database: DatabaseSync, table: string): string {
  return database
    .prepare("SELECT name FROM pragma_table_info(?)")
    .all(table)
    .map(({ name }) => String(name))
    .join(", ");
}
