export type EngineErrorCode =
  | "validation_failed"
  | "scope_invalid"
  | "cursor_invalid"
  | "forbidden"
  | "not_found"
  | "message_id_conflict"
  | "turn_conflict"
  | "idempotency_mismatch"
  | "idempotency_in_flight"
  | "session_full"
  | "not_implemented"
  | "embedder_failed"
  | "generator_failed"
  | "storage_full"
  | "store_locked"
  | "store_newer"
  | "store_older"
  | "store_corrupt"
  | "store_unavailable"
  | "store_failed"
  | "node_too_old";

/** What a store answers instead of something that may be wrong. */
export function damaged(what: string): EngineError {
  return new EngineError(
    "store_corrupt",
    `The memory is damaged: ${what}. Run \`spectron verify\`, then restore a backup.`,
  );
}

/** An outcome the caller must handle; `message` never contains content of memory. */
export class EngineError extends Error {
  override readonly name: string = "EngineError";
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
