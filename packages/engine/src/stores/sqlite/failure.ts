import { closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { EngineError } from "../../model/errors.ts";
import type { EngineErrorCode } from "../../model/errors.ts";

/** A failure as it crosses the thread's border. */
export interface Failure {
  code: EngineErrorCode;
  message: string;
}

/** SQLite's primary result codes that mean something here. */
const SQLITE = {
  busy: 5,
  noMemory: 7,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;
/** A file or a folder that could not be synced. */
const SYNC_FAILED: ReadonlySet<number> = new Set([1034, 1290]);
/** Failures after which SQLite has undone the transaction, and what was committed before is as it was. */
const UNDONE: ReadonlySet<number> = new Set([
  SQLITE.busy,
  SQLITE.noMemory,
  SQLITE.ioError,
  SQLITE.corrupt,
  SQLITE.full,
  SQLITE.cannotOpen,
]);
/** What the system says where there is no room: on the disk, in a quota, in a file of limited size. */
const NO_ROOM: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
/** What a small transaction adds to the log. */
const PROBE_BYTES = 65_536;

/** SQLite's primary result code of what its driver threw; 0 for other errors. */
export function sqliteCode(error: unknown): number {
  // the low byte names the kind, the rest refines it
  return extendedCode(error) % 256;
}

function extendedCode(error: unknown): number {
  return (error as { errcode?: number } | null)?.errcode ?? 0;
}

export function isFull(error: unknown): boolean {
  return (
    sqliteCode(error) === SQLITE.full || NO_ROOM.has((error as { code?: unknown } | null)?.code)
  );
}

/**
 * Whether nobody knows what the disk holds after this failure of a write. After a failed sync the system may have
 * dropped what it could not write and call the next sync a success, and the log may end with a whole transaction that
 * was refused. Any other failure came before the commit: SQLite goes on from the last commit that was synced, and the
 * next transaction overwrites what the failed one left in the log. A failed checkpoint takes nothing from the log, and
 * the next one copies all of it again.
 */
export function leavesDiskUnknown(error: unknown): boolean {
  return SYNC_FAILED.has(extendedCode(error)) || !UNDONE.has(sqliteCode(error));
}

/** A failure of the disk that holds the file, in the engine's words. */
export function toEngineError(error: unknown, path: string): EngineError {
  if (error instanceof EngineError) return error;
  // SQLite has one code for a disk that fails, a quota and a limit of size, so the disk is asked
  const isOutOfRoom =
    isFull(error) ||
    (sqliteCode(error) === SQLITE.ioError && !leavesDiskUnknown(error) && !hasRoom(path));
  const { code, message } = isOutOfRoom ? FULL : toFailure(error);
  return new EngineError(code, message, { cause: error });
}

/** Whether a file beside the database may grow beyond the end of its log. */
export function hasRoom(path: string): boolean {
  const probe = `${path}-probe`;
  try {
    const end = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    const file = openSync(probe, "w", 0o600);
    try {
      return writeSync(file, Buffer.alloc(PROBE_BYTES), 0, PROBE_BYTES, end) === PROBE_BYTES;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return !isFull(error);
  } finally {
    rmSync(probe, { force: true });
  }
}

const FULL: Failure = {
  code: "storage_full",
  message: "The disk that holds the memory is full. Make room, then retry.",
};

export function toFailure(error: unknown): Failure {
  if (error instanceof EngineError) return { code: error.code, message: error.message };
  if (isFull(error)) return FULL;
  const code = sqliteCode(error);
  if (code === SQLITE.corrupt || code === SQLITE.notADatabase)
    return {
      code: "store_corrupt",
      message:
        "The memory file is damaged, or the disk cannot read it. Run `spectron verify`; if it finds damage, restore a backup.",
    };
  if (code === SQLITE.busy)
    return {
      code: "store_unavailable",
      message: "Another program holds a lock on the memory file. Retry when it has finished.",
    };
  if (!leavesDiskUnknown(error))
    return {
      code: "store_unavailable",
      message: `The disk that holds the memory failed (SQLite ${extendedCode(error)}). Retry, and check the disk if it fails again.`,
    };
  if (code === SQLITE.ioError)
    return {
      code: "store_failed",
      message: `The disk that holds the memory failed (SQLite ${extendedCode(error)}). Check it, then start again.`,
    };
  return {
    code: "store_failed",
    message: error instanceof Error ? error.message : "The store failed.",
  };
}
