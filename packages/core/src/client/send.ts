import pRetry, { AbortError } from "p-retry";
import { withDeadline } from "./deadline.ts";
import { ApiError, MemoryError, toApiError } from "./errors.ts";
import type { ResolvedOptions } from "./options.ts";

export interface SendRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/v1/`, already encoded. */
  path: string;
  query?: Record<string, string | undefined> | undefined;
  body?: unknown;
  /** Exact body to send instead of `body`; a resend uses the bytes of the first attempt. */
  bodyText?: string | undefined;
  idempotencyKey?: string | undefined;
  /** A read that travels as POST may be repeated without a key. */
  repeatable?: boolean | undefined;
  /** The service may answer 200 without a body, as a hosted `/health` does. */
  mayBeEmpty?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** @default the client's */
  timeoutMs?: number | undefined;
  /** @default the client's */
  retries?: number | undefined;
}

export type Send = <Body>(request: SendRequest) => Promise<Body>;

/** The one request path: headers, timeout, retry, JSON and error mapping happen here and nowhere else. */
export function createSend(options: ResolvedOptions): Send {
  return async <Body>(request: SendRequest): Promise<Body> => {
    const mayRepeat =
      request.method === "GET" ||
      request.repeatable === true ||
      request.idempotencyKey !== undefined;
    const retries = mayRepeat ? (request.retries ?? options.retries) : 0;
    return pRetry(
      async () => {
        try {
          return await attempt<Body>(options, request);
        } catch (error) {
          if (isRetryable(error)) throw error;
          throw new AbortError(error instanceof Error ? error : new Error(String(error)));
        }
      },
      {
        retries,
        minTimeout: 0,
        factor: 1,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
        onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
          if (retriesLeft <= 0) return;
          await pause(delayOf(error, attemptNumber, options), request.signal);
        },
      },
    ).catch((error: unknown) => {
      if (MemoryError.isInstance(error)) throw error;
      throw request.signal?.aborted === true
        ? new MemoryError("aborted", `${callName(request)} was aborted.`, { cause: error })
        : error;
    });
  };
}

function isRetryable(error: unknown): boolean {
  if (error instanceof ApiError) return error.retryable;
  return MemoryError.isInstance(error) && (error.code === "connection" || error.code === "timeout");
}

/** `Retry-After` wins up to its cap; otherwise an exponential pause with full jitter. */
function delayOf(error: Error, attemptNumber: number, options: ResolvedOptions): number {
  const told = error instanceof ApiError ? error.retryAfterMs : undefined;
  if (told !== undefined) return Math.min(told, options.maxRetryAfterMs);
  return options.random() * options.retryBaseMs * 2 ** (attemptNumber - 1);
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    function done(): void {
      signal?.removeEventListener("abort", stop);
      resolve();
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function callName(request: SendRequest): string {
  return `${request.method} /${request.path}`;
}

async function attempt<Body>(options: ResolvedOptions, request: SendRequest): Promise<Body> {
  const url = new URL(`api/v1/${request.path}`, options.base);
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, value);
  const text =
    request.bodyText ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  if (
    request.idempotencyKey !== undefined &&
    !/^[\u0021-\u007e]{1,255}$/.test(request.idempotencyKey)
  )
    throw new MemoryError(
      "configuration",
      `${callName(request)}: "idempotencyKey" must be 1 to 255 visible ASCII characters.`,
    );
  const { response, body } = await withDeadline(
    async (signal) => {
      try {
        const answer = await options.fetch(url, {
          method: request.method,
          headers: headersOf(options, request, text !== undefined),
          // a redirect could carry content and keys to another host
          redirect: "manual",
          signal,
          ...(text === undefined ? {} : { body: text }),
        });
        return { response: answer, body: await answer.text() };
      } catch (error) {
        throw new MemoryError(
          "connection",
          `Cannot reach ${options.base.origin}. Is the service running? Start it with "spectron serve", or use embedded().`,
          { cause: error },
        );
      }
    },
    {
      call: callName(request),
      timeoutMs: request.timeoutMs ?? options.timeoutMs,
      signal: request.signal,
    },
  );
  return read(options, request, response, body) as Body;
}

function headersOf(
  options: ResolvedOptions,
  request: SendRequest,
  hasBody: boolean,
): Record<string, string> {
  return {
    accept: "application/json",
    ...(hasBody ? { "content-type": "application/json" } : {}),
    ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
    ...(request.idempotencyKey === undefined ? {} : { "idempotency-key": request.idempotencyKey }),
    ...(options.onBehalfOf === undefined ? {} : { "x-spectron-on-behalf-of": options.onBehalfOf }),
  };
}

function read(
  options: ResolvedOptions,
  request: SendRequest,
  response: Response,
  text: string,
): object {
  const { status } = response;
  const traceId = response.headers.get("x-trace-id") ?? undefined;
  if (response.type === "opaqueredirect" || (status >= 300 && status < 400))
    throw new MemoryError(
      "invalid_response",
      `${callName(request)} was redirected. Set "url" to the address of the service itself.`,
    );
  let body: unknown;
  let isJson = true;
  try {
    body = text === "" ? undefined : JSON.parse(text);
  } catch {
    isJson = false;
  }
  if (!response.ok)
    throw toApiError({
      status,
      body,
      call: callName(request),
      retryAfterMs: retryAfter(response.headers.get("retry-after"), options.now()),
      traceId,
      idempotencyKey: request.idempotencyKey,
    });
  if (text === "" && (status === 204 || request.mayBeEmpty === true)) return {};
  if (!isJson || typeof body !== "object" || body === null)
    throw new ApiError(
      "invalid_response",
      `${callName(request)} answered ${status} with a body that is not the promised JSON. Is "url" a Spectron service?`,
      {
        status,
        // JSON that stops in the middle was cut on the way; anything else is another service
        retryable: /json/i.test(response.headers.get("content-type") ?? ""),
        traceId,
        idempotencyKey: request.idempotencyKey,
      },
    );
  return body;
}

/** Seconds or an HTTP date; anything else counts as absent. */
function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,10}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return /[A-Za-z]/.test(value) && !Number.isNaN(date) ? Math.max(0, date - now) : undefined;
}
