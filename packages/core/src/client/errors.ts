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
  /** True for a write that was sent and may have been stored all the same; send it again with the same key. */
  outcomeUnknown = false;
  /** @internal */
  readonly [brand]: true = true;

  constructor(code: MemoryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
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
}

/** An answered request that was refused or failed. */
export class ApiError extends MemoryError {
  override readonly name: string = "ApiError";
  readonly status: number;
  readonly retryable: boolean;
  readonly serviceCode: string | undefined;
  readonly traceId: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: MemoryErrorCode, message: string, details: ApiErrorDetails) {
    super(code, message);
    this.status = details.status;
    this.retryable = details.retryable;
    this.serviceCode = details.serviceCode;
    this.traceId = details.traceId;
    this.idempotencyKey = details.idempotencyKey;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** True when the service refused because of other state: a used key, a taken name, an id with other content. */
export function isConflict(error: unknown): error is MemoryError {
  return (
    MemoryError.isInstance(error) &&
    (error.code === "conflict" || error.code === "idempotency_mismatch")
  );
}

const CODES: Readonly<Record<number, MemoryErrorCode>> = {
  400: "validation",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "validation",
  415: "validation",
  422: "validation",
  429: "rate_limited",
  501: "unsupported",
};

/** What to do about it, by code. */
const ADVICE: Readonly<Record<MemoryErrorCode, string>> = {
  configuration: "Check the options.",
  connection: "Check that the service is running.",
  timeout: "Try again, or raise timeoutMs.",
  aborted: "The caller stopped it.",
  unauthorized: "Check apiKey, and that it belongs to this context.",
  forbidden: "The key's grants do not cover this scope or session.",
  not_found: "It does not exist, or the key may not see it.",
  validation: "The request is not one this service accepts.",
  conflict: "It collides with what is already stored.",
  idempotency_mismatch: "This idempotencyKey was used for another request; derive a new one.",
  rate_limited: "Slow down, or raise the context's limits.",
  invalid_response: "Check that url is the address of a Spectron service.",
  outbox_full: "Wait for flush(), or check that the service is reachable.",
  unsupported: "This service does not offer it.",
  server: "Try again; the trace id names the failure in the service's log.",
};

const RETRYABLE: ReadonlySet<number> = /* @__PURE__ */ new Set([429, 500, 502, 503, 504]);

/** The one table from an answer to an error (contract 5.8, 6). */
export function toApiError(input: {
  status: number;
  body: unknown;
  call: string;
  retryAfterMs: number | undefined;
  traceId: string | undefined;
  idempotencyKey: string | undefined;
}): ApiError {
  const problem = (typeof input.body === "object" && input.body !== null ? input.body : {}) as {
    code?: unknown;
    traceId?: unknown;
    retry_after?: unknown;
  };
  const serviceCode =
    typeof problem.code === "string" && /^[a-z0-9_-]{1,64}$/i.test(problem.code)
      ? problem.code
      : undefined;
  const code =
    serviceCode === "idempotency_mismatch"
      ? "idempotency_mismatch"
      : (CODES[input.status] ?? "server");
  // the service's prose may quote what was sent, so the message keeps to its stable name
  const named = serviceCode === undefined ? "" : ` (${serviceCode})`;
  return new ApiError(code, `${input.call} answered ${input.status}${named}. ${ADVICE[code]}`, {
    status: input.status,
    retryable: RETRYABLE.has(input.status) || serviceCode === "idempotency_in_flight",
    serviceCode,
    traceId: input.traceId ?? (typeof problem.traceId === "string" ? problem.traceId : undefined),
    idempotencyKey: input.idempotencyKey,
    // a browser sees the header only when the service exposes it
    retryAfterMs:
      input.retryAfterMs ??
      (typeof problem.retry_after === "number" && problem.retry_after >= 0
        ? problem.retry_after * 1000
        : undefined),
  });
}
