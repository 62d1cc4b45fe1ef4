import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { EngineError } from "../../model/errors.ts";
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
      fault?.("migrate", database);
      migrate(database, path);
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
  return new DatabaseSync(path, { readOnly: true });
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

/** Holds the file for this process until the returned function is called. */
export function takeOwnership(path: string): () => void {
  const owner = new DatabaseSync(`${path}-owner`);
  const note = `${path}-owner.pid`;
  try {
    owner.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  } catch (error) {
    owner.close();
    const holder = existsSync(note) ? readFileSync(note, "utf8").trim() : "unknown";
    throw new EngineError(
      "store_locked",
      `${path} is in use by another process (pid ${holder}). Stop it, or connect to it with a URL instead of opening its file.`,
      { cause: error },
    );
  }
  writeFileSync(note, `${process.pid}\n`, { mode: 0o600 });
  return () => {
    rmSync(note, { force: true });
    owner.close();
  };
}
