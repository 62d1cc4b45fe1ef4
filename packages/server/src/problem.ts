import { EngineError } from "@spectron/engine";
import type { EngineErrorCode } from "@spectron/engine";
import type { ProblemBody } from "@spectron/core/protocol";

/** An answer other than 2xx, thrown by a route and rendered in one place. */
export class Problem extends Error {
  override readonly name: string = "Problem";
  readonly status: number;
  readonly code: string;
  readonly retryAfter: number | undefined;
  readonly errors: ProblemBody["errors"];

  constructor(
    status: number,
    code: string,
    detail: string,
    extra: { retryAfter?: number | undefined; errors?: ProblemBody["errors"] } = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfter = extra.retryAfter;
    this.errors = extra.errors;
  }
}

const KINDS: Readonly<Record<number, [suffix: string, title: string]>> = {
  400: ["validation-error", "Bad request"],
  401: ["unauthorized", "Unauthorized"],
  403: ["forbidden", "Forbidden"],
  404: ["not-found", "Not found"],
  405: ["method-not-allowed", "Method not allowed"],
  409: ["conflict", "Conflict"],
  413: ["payload-too-large", "Payload too large"],
  415: ["unsupported-media-type", "Unsupported media type"],
  422: ["unprocessable", "Unprocessable"],
  429: ["rate-limited", "Too many requests"],
  500: ["internal", "Internal error"],
  501: ["not-implemented", "Not implemented"],
  502: ["bad-gateway", "A model failed"],
  503: ["unavailable", "Unavailable"],
  507: ["insufficient-storage", "Insufficient storage"],
};

const STATUS: Readonly<Record<EngineErrorCode, number>> = {
  validation_failed: 400,
  scope_invalid: 400,
  cursor_invalid: 400,
  forbidden: 403,
  not_found: 404,
  message_id_conflict: 409,
  turn_conflict: 409,
  idempotency_mismatch: 409,
  idempotency_in_flight: 409,
  session_full: 409,
  not_implemented: 501,
  embedder_failed: 502,
  generator_failed: 502,
  storage_full: 507,
  store_locked: 503,
  store_newer: 503,
  store_older: 503,
  store_corrupt: 503,
  store_unavailable: 503,
  store_failed: 503,
  node_too_old: 503,
};

/** Storage failures name files and statements; none of that leaves the service. */
const PRIVATE: ReadonlySet<EngineErrorCode> = new Set([
  "store_failed",
  "store_locked",
  "store_newer",
  "store_older",
  "store_corrupt",
  "store_unavailable",
]);

/** The one table from anything thrown to an answer. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof EngineError) {
    const status = STATUS[error.code];
    const detail = PRIVATE.has(error.code)
      ? "The memory store is not available. Retry later."
      : error.message;
    const retryAfter = status === 503 || error.code === "idempotency_in_flight" ? 1 : undefined;
    return new Problem(status, error.code, detail, { retryAfter });
  }
  return new Problem(500, "internal", "The service failed. The trace id identifies this request.");
}

/** RFC 9457 together with the older `message` (contract 6.1). */
export function problemBody(problem: Problem, instance: string, traceId: string): ProblemBody {
  const [suffix, title] = KINDS[problem.status] ?? ["internal", "Error"];
  return {
    type: `https://spectron.dev/errors/${suffix}`,
    title,
    status: problem.status,
    detail: problem.message,
    instance,
    message: problem.message,
    code: problem.code,
    traceId,
    ...(problem.retryAfter === undefined ? {} : { retry_after: problem.retryAfter }),
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
  };
}

export function problemResponse(problem: Problem, instance: string, traceId: string): Response {
  return new Response(JSON.stringify(problemBody(problem, instance, traceId)), {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      "x-trace-id": traceId,
      ...(problem.retryAfter === undefined ? {} : { "retry-after": String(problem.retryAfter) }),
    },
  });
}
