import type { ProblemBody } from "../protocol/types.ts";

export type MemoryErrorCode =
  | "configuration"
  | "connection"
  | "timeout"
  | "aborted"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "validation"
  | "conflict"
  | "idempotency_mismatch"
  | "rate_limited"
  | "invalid_response"
  | "outbox_full"
  | "unsupported"
  | "server";

const brand: unique symbol = /* @__PURE__ */ Symbol.for("@spectron/memory-error") as never;

/** Base class of every error this library throws; messages never contain content, keys or whole URLs. */
export class MemoryError extends Error {
  override readonly name: string = "MemoryError";
  readonly code: MemoryErrorCode;
  /** True when the same request may have another outcome (contract 5.8). */
  declare readonly retryable: boolean;
  /** True for a write that was sent and may have been stored all the same; send it again with the same key. */
  outcomeUnknown = false;
  /** @internal */
  readonly [brand]: true = true;

  constructor(code: MemoryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = code === "connection" || code === "timeout";
  }

  /** True for our errors, also when two copies of the package are installed. */
  static isInstance(error: unknown): error is MemoryError {
    return typeof error === "object" && error !== null && brand in error;
  }
}

export interface ApiErrorDetails {
  status: number;
  retryable: boolean;
  /** The service's own stable name of the problem. */
  serviceCode?: string | undefined;
  traceId?: string | undefined;
  idempotencyKey?: string | undefined;
  retryAfterMs?: number | undefined;
  /** The fields that were refused and why, in the service's words, which may quote what was sent. */
  errors?: ProblemBody["errors"];
}

/** An answered request that was refused or failed. */
export class ApiError extends MemoryError {
  override readonly name: string = "ApiError";
  declare readonly status: number;
  declare readonly serviceCode: string | undefined;
  declare readonly traceId: string | undefined;
  declare readonly idempotencyKey: string | undefined;
  declare readonly retryAfterMs: number | undefined;
  declare readonly errors: ProblemBody["errors"];

  constructor(code: MemoryErrorCode, message: string, details: ApiErrorDetails) {
    super(code, message);
    Object.assign(this, details);
  }
}

/** An error of ours as it is; anything else as one. */
export function toMemoryError(error: unknown): MemoryError {
  return MemoryError.isInstance(error)
    ? error
    : new MemoryError("server", "Memory failed unexpectedly.", { cause: error });
}

/** True when the service refused because of other state: a used key, a taken name, an id with other content. */
export function isConflict(error: unknown): error is MemoryError {
  return (
    MemoryError.isInstance(error) &&
    (error.code === "conflict" || error.code === "idempotency_mismatch")
  );
}

type Meaning = readonly [code: MemoryErrorCode, advice: string];

const REFUSED: Meaning = ["validation", "This service does not accept the request."];
const FAULT: Meaning = ["server", "Try again; its log tells more by the traceId."];
/** What an answer means and what to do about it, by status, and by the one code that says more than its status. */
const MEANINGS: Readonly<Record<number | "idempotency_mismatch", Meaning>> = {
  401: ["unauthorized", "Check that apiKey is a key of this context."],
  403: ["forbidden", "The key's grants do not cover this scope or session."],
  404: ["not_found", "It does not exist, or the key may not see it."],
  409: ["conflict", "It collides with what is stored."],
  429: ["rate_limited", "Slow down, or raise the context's limits."],
  501: ["unsupported", "This service does not offer it."],
  idempotency_mismatch: [
    "idempotency_mismatch",
    "This idempotencyKey was used for another request.",
  ],
};

const RETRYABLE: ReadonlySet<number> = /* @__PURE__ */ new Set([429, 500, 502, 503, 504]);

/** The one table from an answer to an error (contract 5.8, 6). */
export function toApiError(answer: {
  status: number;
  body: unknown;
  call: string;
  /** Which context it is, and where. */
  context: string;
  retryAfterMs?: number | undefined;
  traceId?: string | undefined;
  idempotencyKey?: string | undefined;
}): ApiError {
  const { status, body, call, idempotencyKey } = answer;
  const problem = (typeof body === "object" && body !== null ? body : {}) as {
    code?: unknown;
    traceId?: unknown;
    retry_after?: unknown;
    errors?: unknown;
  };
  const serviceCode = asName(problem.code);
  const [code, advice] =
    MEANINGS[serviceCode === "idempotency_mismatch" ? serviceCode : status] ??
    (status < 500 ? REFUSED : FAULT);
  const seconds = typeof problem.retry_after === "number" ? problem.retry_after : -1;
  // the service's prose may quote what was sent, so the message keeps to its stable name
  const errors = Array.isArray(problem.errors)
    ? (problem.errors as { path: string; message: string }[])
    : undefined;
  const named = [serviceCode, asName(errors?.[0]?.path)].filter(Boolean).join(": ");
  const why = `${named && ` (${named})`}. ${advice.replace("this context", answer.context)}`;
  return new ApiError(code, `${call} answered ${status}${why}`, {
    status,
    retryable: RETRYABLE.has(status) || serviceCode === "idempotency_in_flight",
    serviceCode,
    traceId: answer.traceId ?? asName(problem.traceId),
    idempotencyKey,
    errors,
    // a browser sees the header only when the service exposes it
    retryAfterMs: answer.retryAfterMs ?? (seconds < 0 ? undefined : seconds * 1000),
  });
}

/** Text that is a name, such as of a code or a field; anything else could be content. */
function asName(text: unknown): string | undefined {
  return typeof text === "string" && /^[\w.-]{1,64}$/.test(text) ? text : undefined;
}
