import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as sqlite from "node:sqlite";
import type { DatabaseSync } from "node:sqlite";
import { EngineError } from "../../model/errors.ts";
import type { VerifyReport } from "../store.ts";
import { openOwned, openReadOnly, takeOwnership } from "./database.ts";
import { createStatements } from "./statements.ts";
import { verifyDatabase } from "./verify.ts";

/** So many pages at a time that a backup is one read of one committed state, whatever is written meanwhile. */
const ALL_PAGES = 2 ** 30;

/** Copies the database to a new file while it is in use; the file appears when it is whole. */
export async function backUp(database: DatabaseSync, target: string): Promise<void> {
  refuseExisting(target);
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  // runtimes before 22.16 have no online copy
  if ("backup" in sqlite) await sqlite.backup(database, partial, { rate: ALL_PAGES });
  else database.prepare("VACUUM INTO ?").run(partial);
  // a copy is complete in itself: no log beside it
  const copy = new sqlite.DatabaseSync(partial);
  try {
    copy.exec("PRAGMA journal_mode = DELETE");
  } finally {
    copy.close();
  }
  settle(partial, target);
}

/** Opens a file that may be in use by a server, reads it all, and tells what is wrong with it. */
export async function verifySqliteFile(path: string): Promise<VerifyReport> {
  requireFile(path);
  const database = openReadOnly(path);
  try {
    return await verifyDatabase(createStatements(database));
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError(
      "store_corrupt",
      "The memory file is damaged so that it cannot be read. Restore a backup.",
      { cause: error },
    );
  } finally {
    database.close();
  }
}

/** Copies a database that may be in use by a server to a new file. */
export async function backUpSqliteFile(path: string, target: string): Promise<void> {
  requireFile(path);
  const database = openReadOnly(path);
  try {
    await backUp(database, target);
  } finally {
    database.close();
  }
}

/**
 * Puts a backup in the place of a database that no process has open.
 *
 * @throws EngineError `store_locked` while a server holds the place, `store_corrupt` for a backup that is not whole.
 */
export async function restoreSqliteFile(
  backup: string,
  path: string,
  options: { replace?: boolean | undefined } = {},
): Promise<void> {
  const report = await verifySqliteFile(backup);
  if (!report.ok)
    throw new EngineError("store_corrupt", "The backup is damaged. Take another one.");
  if (options.replace !== true) refuseExisting(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const partial = `${path}.partial`;
  rmSync(partial, { force: true });
  await copyFile(backup, partial);
  // brings an older schema up to date before it takes the place
  openOwned(partial).close();
  for (const suffix of ["-owner", "-owner.pid"]) rmSync(`${partial}${suffix}`, { force: true });
  // held while the file is exchanged, so that no server starts on half of it
  const release = takeOwnership(path);
  try {
    for (const suffix of ["-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
    settle(partial, path);
  } finally {
    release();
  }
}

function requireFile(path: string): void {
  if (!existsSync(path)) throw new EngineError("not_found", `There is no file ${path}.`);
}

function refuseExisting(path: string): void {
  if (existsSync(path))
    throw new EngineError("validation_failed", `${path} exists. Name a file that does not.`);
}

/** Syncs the file, gives it its name, and syncs the folder. */
function settle(partial: string, path: string): void {
  for (const step of [
    () => partial,
    () => {
      renameSync(partial, path);
      return dirname(path);
    },
  ]) {
    const file = openSync(step(), "r");
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
