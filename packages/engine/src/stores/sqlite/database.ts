import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { EngineError } from "../../model/errors.ts";
import { sqliteCode, toEngineError } from "./failure.ts";
import type { Fault } from "./serve-writes.ts";
import { APPLICATION_ID, MIGRATIONS, PREVIEW_VERSION } from "./schema.ts";

/** An open database file that this process owns until `close`. */
export interface OwnedDatabase {
  database: DatabaseSync;
  close(): void;
}

/**
 * Opens the file for writing and takes ownership of it. The lock is a transaction held open in a file beside it, so
 * the operating system frees it when the process dies, however it dies.
 */
export function openOwned(path: string, fault?: Fault): OwnedDatabase {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const release = takeOwnership(path);
  try {
    const database = new DatabaseSync(path);
    try {
      configure(database);
      keepTemporaryInMemory(database);
      fault?.("migrate", database);
      migrate(database, path);
      settleLog(database, path);
      fault?.("open", database);
    } catch (error) {
      database.close();
      throw error;
    }
    return {
      database,
      close: () => {
        database.close();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
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

function configure(database: DatabaseSync): void {
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST;",
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

function migrate(database: DatabaseSync, path: string): void {
  const read = (name: string): number => database.prepare(`PRAGMA ${name}`).get()?.[name] as number;
  const version = read("user_version");
  const newest = PREVIEW_VERSION + MIGRATIONS.length;
  const foreign =
    version === 0 && database.prepare("SELECT 1 FROM sqlite_master").get() !== undefined;
  if (foreign || ![0, APPLICATION_ID].includes(read("application_id")))
    throw new EngineError(
      "store_failed",
      `${path} is a database of another program. Give the memory a file of its own.`,
    );
  if (version === PREVIEW_VERSION)
    throw new EngineError(
      "store_older",
      `${path} was written by a preview whose files cannot be read. Start with a new file.`,
    );
  if (version > newest)
    throw new EngineError(
      "store_newer",
      `${path} was written by a newer version (schema ${version}, this version knows ${newest}). Upgrade @spectron/engine.`,
    );
  const done = Math.max(0, version - PREVIEW_VERSION);
  MIGRATIONS.slice(done).forEach((sql, index) => {
    database.exec(
      `BEGIN IMMEDIATE; ${sql}; PRAGMA application_id = ${APPLICATION_ID};
       PRAGMA user_version = ${PREVIEW_VERSION + done + index + 1}; COMMIT;`,
    );
  });
}

const SQLITE_BUSY = 5;

/** Holds the file for this process until the returned function is called. */
export function takeOwnership(path: string): () => void {
  const owner = new DatabaseSync(`${path}-owner`);
  const note = `${path}-owner.pid`;
  try {
    owner.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  } catch (error) {
    owner.close();
    if (sqliteCode(error) !== SQLITE_BUSY) throw toEngineError(error, path);
    const holder = existsSync(note) ? readFileSync(note, "utf8").trim() : "unknown";
    throw new EngineError(
      "store_locked",
      `${path} is in use by another process (pid ${holder}). Stop it, or connect to it with a URL instead of opening its file.`,
      { cause: error },
    );
  }
  try {
    writeFileSync(note, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    owner.close();
    throw error;
  }
  return () => {
    rmSync(note, { force: true });
    owner.close();
  };
}
