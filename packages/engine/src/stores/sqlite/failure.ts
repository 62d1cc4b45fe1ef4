import { EngineError } from "../../model/errors.ts";

/** A failure as it crosses the thread's border. */
export interface Failure {
  code: string;
  message: string;
}

/** SQLite's primary result codes that mean something to the caller. */
const SQLITE = { ioError: 10, corrupt: 11, full: 13, notADatabase: 26 } as const;

/** SQLite's primary result code of what its driver threw; 0 for other errors. */
export function sqliteCode(error: unknown): number {
  // the low byte names the kind, the rest refines it
  return ((error as { errcode?: number } | null)?.errcode ?? 0) % 256;
}

export function isFull(error: unknown): boolean {
  return sqliteCode(error) === SQLITE.full;
}

export function toFailure(error: unknown): Failure {
  if (error instanceof EngineError) return { code: error.code, message: error.message };
  const code = sqliteCode(error);
  if (code === SQLITE.full)
    return { code: "storage_full", message: "The disk that holds the memory is full." };
  if (code === SQLITE.corrupt || code === SQLITE.notADatabase)
    return {
      code: "store_corrupt",
      message: "The memory file is damaged. Run `spectron verify`, then restore a backup.",
    };
  if (code === SQLITE.ioError)
    return { code: "store_failed", message: "The disk that holds the memory failed." };
  return {
    code: "store_failed",
    message: error instanceof Error ? error.message : "The store failed.",
  };
}
