import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { EngineError } from "../../model/errors.ts";
import { sqliteCode } from "./failure.ts";
import { systemCode, toOpenError } from "./open-error.ts";

/** A file that no other process may open for writing until `release`. */
export interface Ownership {
  /** The file's own name, whatever links led to it. */
  path: string;
  /** False once the lock was removed or replaced by hand, so that another process may hold the file too. */
  holds(): boolean;
  release(): void;
}

/** How long an owner that is about to end is waited for, and a new one that has yet to write down its pid. */
const PATIENCE_MS = 250;

/** SQLite's primary result codes of a lock that another holds, and of a file that is no database. */
const SQLITE = { busy: 5, notADatabase: 26 } as const;

/**
 * Takes a file for this process, existing or not. The lock is a transaction held open in a file beside it, so the
 * operating system frees it when the process dies, however it dies.
 *
 * @throws EngineError `store_locked` while another process holds it; any other obstacle is told as what it is.
 */
export function takeOwnership(name: string): Ownership {
  try {
    mkdirSync(dirname(name), { recursive: true, mode: 0o700 });
    return lock(ownName(name));
  } catch (error) {
    throw toOpenError(error, name);
  }
}

/** Makes a file, unless it is there, that only this process's user may read; refuses one that may not be written. */
export function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
  // SQLite would open it for reading without a word, and lock nothing
  accessSync(path, constants.W_OK);
}

/** Tells later whether a name still leads to the file that it leads to now. */
export function watch(path: string): () => boolean {
  const { dev, ino } = statSync(path, { bigint: true });
  return () => {
    const now = statSync(path, { bigint: true, throwIfNoEntry: false });
    return now?.ino === ino && now.dev === dev;
  };
}

/** Links are followed, so that all who mean one file meet at one lock. */
function ownName(name: string): string {
  try {
    return realpathSync.native(name);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  const file = join(realpathSync.native(dirname(name)), basename(name));
  // a link to a file that is yet to be made
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true
    ? ownName(resolve(dirname(file), readlinkSync(file)))
    : file;
}

function lock(path: string): Ownership {
  const file = `${path}-owner`;
  const note = `${file}.pid`;
  // only ever opened by SQLite once it is there: a process that closes a file anywhere loses its locks on it
  makePrivate(file);
  const owner = new DatabaseSync(file);
  try {
    // of all that begin at a time exactly one gets through
    owner.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}; BEGIN IMMEDIATE`);
  } catch (error) {
    owner.close();
    if (sqliteCode(error) === SQLITE.notADatabase)
      throw new EngineError(
        "store_failed",
        `${file} is in the place of the lock and is no lock. Move it away.`,
        { cause: error },
      );
    if (sqliteCode(error) !== SQLITE.busy) throw error;
    const pid = readNote(note);
    throw new EngineError(
      "store_locked",
      pid === process.pid
        ? `${path} is in use by this process already (pid ${pid}), or by one of another container. Close it first, or share what it was opened as.`
        : `${path} is in use by another process${pid === undefined ? "" : ` (pid ${pid})`}. Stop it, or connect to it with a URL instead of opening its file.`,
      { cause: error },
    );
  }
  writeNote(note);
  const holds = watch(file);
  return {
    path,
    holds,
    release() {
      try {
        // before the lock, and only with it, or it would take away the note of the next owner
        if (holds()) removeNote(note);
      } finally {
        owner.close();
      }
    },
  };
}

/** Tells others who the owner is. The lock holds without it, so nothing that keeps it from being written matters. */
function writeNote(note: string): void {
  try {
    removeNote(note);
    writeFileSync(note, `${process.pid}\n`, { mode: 0o600, flag: "wx" });
  } catch {
    // others are told that the file is in use, and not by whom
  }
}

function removeNote(note: string): void {
  try {
    rmSync(note, { force: true });
  } catch {
    // a note that stays is stale, and names no owner
  }
}

/** The pid in the note, unless no such process lives, so that it is of an earlier owner. */
function readNote(note: string): number | undefined {
  try {
    const pid = Number(readFileSync(note, "utf8"));
    if (!Number.isInteger(pid) || pid < 1 || !isRunning(pid)) return undefined;
    return pid;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // one of another user's is there and may not be asked
    return systemCode(error) === "EPERM";
  }
}
