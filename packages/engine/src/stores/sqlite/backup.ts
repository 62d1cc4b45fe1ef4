import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import * as sqlite from "node:sqlite";
import type { DatabaseSync } from "node:sqlite";
import { EngineError } from "../../model/errors.ts";
import type { VerifyReport } from "../store.ts";
import { openCurrent, openReadOnly, readVersion, requireCurrent } from "./database.ts";
import { isFull, toEngineError, toFailure } from "./failure.ts";
import type { Fault } from "./serve-writes.ts";
import { createStatements } from "./statements.ts";
import { makePrivate, takeOwnership } from "./take-ownership.ts";
import { verifyDatabase } from "./verify.ts";

interface CopyOptions {
  /**
   * For tests: called before every step.
   *
   * @internal
   */
  fault?: Fault | undefined;
}

/** So many pages at a time that a backup is one read of one committed state, whatever is written meanwhile. */
const ALL_PAGES = 2 ** 30;

/** Copies the database to a new file while it is in use; the file appears when it is whole. */
export async function backUp(
  database: DatabaseSync,
  target: string,
  options: CopyOptions = {},
): Promise<void> {
  const { fault } = options;
  refuseExisting(target);
  const partial = `${target}.partial`;
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  try {
    fault?.("backup copy");
    await copyTo(database, partial);
    fault?.("backup settle");
    settle(partial, target);
    fault?.("backup end");
  } catch (error) {
    removeDatabase(partial);
    throw error;
  }
}

/** Opens a file that may be in use by a server, reads it all, and tells what is wrong with it. */
export async function verifySqliteFile(path: string): Promise<VerifyReport> {
  requireFile(path);
  const database = openReadOnly(path);
  try {
    requireCurrent(database, path);
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
export async function backUpSqliteFile(
  path: string,
  target: string,
  options: CopyOptions = {},
): Promise<void> {
  requireFile(path);
  const database = openReadOnly(path);
  try {
    await backUp(database, target, options);
  } catch (error) {
    throw toEngineError(error, target);
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
  name: string,
  options: CopyOptions & { replace?: boolean | undefined } = {},
): Promise<void> {
  requireFile(backup);
  // held from here on, so that no server starts on half of it
  const ownership = takeOwnership(name);
  const { path } = ownership;
  const partial = `${path}.partial`;
  try {
    if (options.replace !== true) refuseExisting(path, "Use --replace, or replace: true.");
    options.fault?.("restore copy");
    await copyWhole(backup, partial, options);
    options.fault?.("restore fold");
    foldLog(path);
    options.fault?.("restore settle");
    settle(partial, path);
    options.fault?.("restore end");
  } catch (error) {
    removeDatabase(partial);
    throw toEngineError(error, path);
  } finally {
    ownership.release();
  }
}

/** Copies a backup, brings the copy up to date, and verifies it. */
async function copyWhole(backup: string, partial: string, { fault }: CopyOptions): Promise<void> {
  try {
    const source = openReadOnly(backup);
    try {
      if (readVersion(source, backup) === 0) throw new EngineError("store_corrupt", "It is empty.");
      await copyTo(source, partial);
    } finally {
      source.close();
    }
    const database = openCurrent(partial, { name: backup, fault });
    try {
      const report = await verifyDatabase(createStatements(database));
      if (!report.ok) throw new EngineError("store_corrupt", "A rule is broken.");
    } finally {
      database.close();
    }
  } catch (error) {
    if (toFailure(error).code !== "store_corrupt") throw error;
    throw new EngineError("store_corrupt", "The backup is damaged. Take another one.", {
      cause: error,
    });
  }
}

/** Copies one committed state; a copy is complete in itself, with no log beside it. */
async function copyTo(database: DatabaseSync, target: string): Promise<void> {
  removeDatabase(target);
  makePrivate(target);
  // runtimes before 22.16 have no online copy
  if ("backup" in sqlite) await sqlite.backup(database, target, { rate: ALL_PAGES });
  else database.prepare("VACUUM INTO ?").run(target);
  const copy = new sqlite.DatabaseSync(target);
  try {
    copy.exec("PRAGMA journal_mode = DELETE");
  } finally {
    copy.close();
  }
}

/**
 * Moves what is in the log into the file and removes the log: a log that stays would be read as that of the file that takes
 * the place.
 */
function foldLog(path: string): void {
  try {
    if (existsSync(path)) checkpoint(path);
  } catch (error) {
    // damage, in whatever way it shows, may be why a backup takes its place
    if (error instanceof EngineError || isFull(error)) throw error;
  }
  for (const suffix of ["-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  syncPath(dirname(path));
}

function checkpoint(path: string): void {
  const database = new sqlite.DatabaseSync(path);
  try {
    if (database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] === 1)
      throw new EngineError(
        "store_locked",
        `${path} is being read by another process, such as a backup. Try again when that has ended.`,
      );
  } finally {
    database.close();
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"])
    rmSync(`${path}${suffix}`, { force: true });
}

function requireFile(path: string): void {
  if (!existsSync(path)) throw new EngineError("not_found", `There is no file ${path}.`);
}

function refuseExisting(path: string, advice: string = "Name a file that does not."): void {
  if (existsSync(path)) throw new EngineError("validation_failed", `${path} exists. ${advice}`);
}

/** Syncs the file, gives it its name, and syncs the folder. */
function settle(partial: string, path: string): void {
  syncPath(partial);
  renameSync(partial, path);
  syncPath(dirname(path));
}

function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
