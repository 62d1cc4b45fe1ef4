import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { EngineError } from "../../model/errors.ts";
import { toEngineError } from "./failure.ts";
import type { Fault } from "./serve-writes.ts";
import { APPLICATION_ID, MIGRATIONS, PREVIEW_VERSION } from "./schema.ts";
import { toOpenError } from "./open-error.ts";
import { makePrivate, takeOwnership, watch } from "./take-ownership.ts";

/** An open database file that this process owns until `close`. */
export interface OwnedDatabase {
  database: DatabaseSync;
  /** @throws EngineError when the name no longer leads to the open file, so that what is stored would be lost. */
  check(): void;
  close(): void;
}

/** Opens the file for writing, as its only owner, and brings its schema up to this version. */
export function openOwned(name: string, fault?: Fault): OwnedDatabase {
  const ownership = takeOwnership(name);
  const { path } = ownership;
  try {
    refuseOtherNames(path);
    const database = openCurrent(path, { fault });
    const isThere = watch(path);
    return {
      database,
      check() {
        if (!ownership.holds() || !isThere())
          throw new EngineError(
            "store_failed",
            `${path} or its lock was moved, replaced or removed while it was in use, so nothing more is stored. Start again.`,
          );
      },
      close() {
        try {
          database.close();
        } finally {
          ownership.release();
        }
      },
    };
  } catch (error) {
    ownership.release();
    throw toOpenError(error, path);
  }
}

/** Opens a file that nobody else uses and brings its schema up to this version; `name` is what errors call it. */
export function openCurrent(
  path: string,
  { name = path, fault }: { name?: string | undefined; fault?: Fault | undefined } = {},
): DatabaseSync {
  makePrivate(path);
  const database = new DatabaseSync(path);
  try {
    const done = readVersion(database, name);
    configure(database);
    keepTemporaryInMemory(database);
    migrate(database, done, fault);
    settleLog(database, path);
    fault?.("open", database);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

export function openReadOnly(path: string): DatabaseSync {
  // no memory map: an error of the disk must come back as an error, not as a signal
  const database = new DatabaseSync(path, { readOnly: true });
  keepTemporaryInMemory(database);
  return database;
}

/** Sorting and undoing must not need room on a disk that may be full. */
function keepTemporaryInMemory(database: DatabaseSync): void {
  database.exec("PRAGMA temp_store = MEMORY");
}

/** SQLite keeps a log by name: written through two names, a file is torn. */
function refuseOtherNames(path: string): void {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file?.isFile() === true && file.nlink > 1)
    throw new EngineError(
      "store_failed",
      `${path} has a second name (a hard link), and writing through both would tear it. Remove one, or make a copy.`,
    );
}

function configure(database: DatabaseSync): void {
  database.exec(
    "PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST;",
  );
  const synchronous = database.prepare("PRAGMA synchronous").get()?.["synchronous"];
  const journal = database.prepare("PRAGMA journal_mode").get()?.["journal_mode"];
  if (synchronous !== 2 || journal !== "wal")
    throw new EngineError(
      "store_failed",
      "The database file cannot run in WAL mode with synchronous=FULL, so acknowledged writes would not be safe. Use a local disk.",
    );
}

/**
 * Copies what the log holds into the file and syncs it. After a failed sync of the process before, the log may show
 * what never reached the disk; nothing may be answered from it until a sync of fresh writes has covered it.
 */
function settleLog(database: DatabaseSync, path: string): void {
  try {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    // the log alone is whole; a later checkpoint copies it when there is room
    if (toEngineError(error, path).code !== "storage_full") throw error;
  }
}

function migrate(database: DatabaseSync, done: number, fault?: Fault): void {
  fault?.("migrate", database);
  MIGRATIONS.slice(done).forEach((sql, index) => {
    database.exec(`BEGIN IMMEDIATE; ${sql}`);
    fault?.("migrated", database);
    database.exec(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${PREVIEW_VERSION + done + index + 1}; COMMIT`,
    );
  });
}

/** Refuses a file that would first have to be migrated. */
export function requireCurrent(database: DatabaseSync, name: string): void {
  if (readVersion(database, name) < MIGRATIONS.length)
    throw new EngineError(
      "store_older",
      `${name} was written by an older version. Start a server on it once, which brings it up to date.`,
    );
}

/** How many migrations a file has had; refuses files that are not ours or that only another version reads. */
export function readVersion(database: DatabaseSync, name: string): number {
  const read = (pragma: string): number =>
    database.prepare(`PRAGMA ${pragma}`).get()?.[pragma] as number;
  const version = read("user_version");
  const newest = PREVIEW_VERSION + MIGRATIONS.length;
  const foreign =
    version === 0 && database.prepare("SELECT 1 FROM sqlite_master").get() !== undefined;
  if (foreign || ![0, APPLICATION_ID].includes(read("application_id")))
    throw new EngineError(
      "store_failed",
      `${name} is a database of another program. Give the memory a file of its own.`,
    );
  if (version === PREVIEW_VERSION)
    throw new EngineError(
      "store_older",
      `${name} was written by a preview whose files cannot be read. Start with a new file.`,
    );
  if (version > newest)
    throw new EngineError(
      "store_newer",
      `${name} was written by a newer version (schema ${version}, this version knows ${newest}). Upgrade @spectron/engine.`,
    );
  return Math.max(0, version - PREVIEW_VERSION);
}
