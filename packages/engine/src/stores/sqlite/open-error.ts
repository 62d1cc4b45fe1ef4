import { mkdtempSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { EngineError } from "../../model/errors.ts";
import { hasRoom, isFull, sqliteCode } from "./failure.ts";

/** SQLite's result codes of what may not be written, and of a log whose index finds no room. */
const SQLITE = { denied: 3, readOnly: 8, cannotOpen: 14, noRoomForIndex: 4874 } as const;

/** What keeps a memory from being opened, as its operator would say it. */
export function toOpenError(error: unknown, path: string): unknown {
  if (error instanceof EngineError) return error;
  const reason = systemCode(error) ?? sqliteReason(error, path);
  if (reason === undefined) return error;
  if (reason === "ENOSPC" || reason === "EDQUOT")
    return new EngineError(
      "storage_full",
      `The disk that holds ${path} is full. Make room and start again.`,
      { cause: error },
    );
  return new EngineError(
    "store_failed",
    `${path} cannot be opened for writing (${reason}). See that this process may write the folder and each file in it, or name another place.`,
    { cause: error },
  );
}

/** SQLite tells everything that keeps it from writing as one; the system knows more. */
function sqliteReason(error: unknown, path: string): string | undefined {
  if (isFull(error)) return "ENOSPC";
  // an index of the log that cannot be made longer; the disk is asked whether that is for want of room
  if ((error as { errcode?: number }).errcode === SQLITE.noRoomForIndex && !hasRoom(path))
    return "ENOSPC";
  const refusals: readonly number[] = [SQLITE.denied, SQLITE.readOnly, SQLITE.cannotOpen];
  if (!refusals.includes(sqliteCode(error))) return undefined;
  try {
    rmdirSync(mkdtempSync(join(dirname(path), ".spectron-")));
    return "one of its files is not writable";
  } catch (failure) {
    return systemCode(failure);
  }
}

/** Such as `EACCES`; none for errors that are not the operating system's. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
