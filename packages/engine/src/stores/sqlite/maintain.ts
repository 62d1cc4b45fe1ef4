import type * as Backup from "./backup.ts";
import { requireSqlite } from "./require-sqlite.ts";

/** Loaded when it is used: a Node without SQLite would refuse the whole package in words of its own. */
async function load(): Promise<typeof Backup> {
  requireSqlite();
  return import("./backup.ts");
}

export const verifySqliteFile: typeof Backup.verifySqliteFile = async (...args) =>
  (await load()).verifySqliteFile(...args);

export const backUpSqliteFile: typeof Backup.backUpSqliteFile = async (...args) =>
  (await load()).backUpSqliteFile(...args);

export const restoreSqliteFile: typeof Backup.restoreSqliteFile = async (...args) =>
  (await load()).restoreSqliteFile(...args);
