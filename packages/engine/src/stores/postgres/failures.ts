import { EngineError } from "../../model/errors.ts";

/** What the driver and the server say about a failure. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** What the pool says, without a code, when no connection came free in time. */
const ALL_BUSY = "timeout exceeded when trying to connect";

/** Serialization failure, deadlock, and a row that another transaction made first. */
export function isConflict(error: unknown): boolean {
  return ["40001", "40P01", "23505"].includes(codeOf(error));
}

/** A failure in the engine's words; texts of the server may hold content of memory and stay inside. */
export function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const code = codeOf(error);
  if (code === "53100") return new EngineError("storage_full", "The disk of the database is full.");
  if (code === "22021" || code === "22P05")
    return new EngineError("validation_failed", "Text must not contain the character U+0000.");
  if (code === "54000")
    return new EngineError("validation_failed", "A name or a key is too long to be indexed.");
  if (code === "28P01" || code === "28000" || code === "3D000" || code === "42501")
    return new EngineError(
      "store_failed",
      `The database refused the connection (${code}). Check user, password, database and rights in its URL.`,
    );
  if (isConflict(error))
    return new EngineError(
      "store_unavailable",
      "Other writers kept this change from being stored. Retry it.",
    );
  if (error instanceof Error && error.message === ALL_BUSY)
    return new EngineError(
      "store_unavailable",
      "All connections to the database were busy for too long. Retry later; if it lasts, add servers or connections.",
    );
  if (code === "57014")
    return new EngineError("store_unavailable", "The database took too long. Retry later.");
  if (/^(08|53|57|58|25P03)/.test(code) || !/^[0-9A-Z]{5}$/.test(code))
    return new EngineError(
      "store_unavailable",
      `The database cannot be reached (${code === "" ? "no connection" : code}). Retry later.`,
    );
  return new EngineError("store_failed", `The database failed (${code}).`);
}
