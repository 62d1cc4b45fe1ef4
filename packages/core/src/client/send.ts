import { withDeadline } from "./deadline.ts";
import { ApiError, MemoryError, toApiError } from "./errors.ts";
import { demand, isHeaderText } from "./options.ts";
import type { ResolvedOptions, WriteOptions } from "./options.ts";
import { parseJson, readBody } from "./read-body.ts";
import { parseRetryAfter, retryDelay } from "./retry.ts";

export interface SendRequest extends WriteOptions {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/v1/`, already encoded. */
  path: string;
  /** What errors call it, since a path may hold names that people chose. @default the path */
  route?: string | undefined;
  /** Parameters of the query string; objects travel as JSON. */
  query?: object | undefined;
  body?: unknown;
  /** Exact body to send instead of `body`; a resend uses the bytes of the first attempt. */
  bodyText?: string | undefined;
  /** A read that travels as POST may be repeated without a key. */
  repeatable?: boolean | undefined;
  /** The service may answer 200 without a body, as a hosted `/health` does. */
  mayBeEmpty?: boolean | undefined;
  /** A field without which an answer is not the promised one. */
  field?: string | undefined;
  /** What is asked for. @default application/json */
  accept?: string | undefined;
  /** True for a response that is handed to the caller as it is, such as a stream. */
  isUnread?: ((response: Response) => boolean) | undefined;
}

export type Send = <Body>(request: SendRequest) => Promise<Body>;

/** One call: what each of its attempts needs, fixed before the first. */
interface Call {
  options: ResolvedOptions;
  request: SendRequest;
  name: string;
  url: URL;
  init: RequestInit;
}

/** The one request path: headers, timeout, retry, JSON and error mapping happen here and nowhere else. */
export function createSend(options: ResolvedOptions): Send {
  return async <Body>(request: SendRequest): Promise<Body> => {
    const call = prepare(options, request);
    const isRead = request.method === "GET" || request.repeatable === true;
    const mayRepeat = isRead || request.idempotencyKey !== undefined;
    const retries = mayRepeat ? (request.retries ?? options.retries) : 0;
    const end = options.now() + (request.deadlineMs ?? options.deadlineMs);
    const timeoutMs = request.timeoutMs ?? options.timeoutMs;
    let sent = false;
    try {
      for (let number = 1; ; number += 1) {
        const left = end - options.now();
        try {
          const answer = await withDeadline(
            async (signal) => {
              sent = true;
              return exchange(call, signal);
            },
            {
              call: call.name,
              timeoutMs: Math.min(timeoutMs, left),
              signal: request.signal,
            },
          );
          return answer as Body;
        } catch (error) {
          const { code, retryable } = error as MemoryError;
          const isLate = left <= timeoutMs && code === "timeout";
          if (number > retries || isLate || !retryable) throw error;
          const wait = retryDelay(error, number, options);
          if (options.now() + wait >= end) throw error;
          await withDeadline(async (signal) => options.sleep(wait, signal), {
            call: call.name,
            signal: request.signal,
          });
        }
      }
    } catch (error) {
      const refused = error instanceof ApiError && error.status >= 400 && error.status < 500;
      if (sent && !isRead && !refused && MemoryError.isInstance(error)) error.outcomeUnknown = true;
      throw error;
    }
  };
}

function prepare(options: ResolvedOptions, request: SendRequest): Call {
  const name = `${request.method} /${request.route ?? request.path}`;
  const { idempotencyKey, onBehalfOf = options.onBehalfOf } = request;
  for (const [option, text] of Object.entries({ idempotencyKey, onBehalfOf }))
    demand(
      text === undefined || (isHeaderText(text) && text.length < 256),
      option,
      "1 to 255 visible ASCII characters",
      name,
    );
  const url = new URL(`api/v1/${request.path}`, options.base);
  for (const [key, value] of Object.entries(request.query ?? {}) as [string, unknown][])
    if (value !== undefined)
      url.searchParams.set(key, typeof value === "string" ? value : JSON.stringify(value));
  const body = request.bodyText ?? toJson(name, request.body);
  const headers: Record<string, string> = { accept: request.accept ?? "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (options.apiKey !== undefined) headers["authorization"] = `Bearer ${options.apiKey}`;
  if (idempotencyKey !== undefined) headers["idempotency-key"] = idempotencyKey;
  if (onBehalfOf !== undefined) headers["x-spectron-on-behalf-of"] = onBehalfOf;
  // a redirect could carry content and keys to another host, so none is followed
  const init = { method: request.method, headers, redirect: "manual", body: body ?? null } as const;
  return { options, request, name, url, init };
}

function toJson(name: string, body: unknown): string | undefined {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    throw new MemoryError("validation", `${name}: the request cannot be written as JSON.`, {
      cause,
    });
  }
}

async function exchange(call: Call, signal: AbortSignal): Promise<object> {
  const { options, request, name, url, init } = call;
  let response: Response | undefined;
  let text: string | undefined;
  try {
    response = await options.fetch(url, { ...init, signal });
    if (request.isUnread?.(response) === true) return response;
    text = await readBody(response, options.maxResponseBytes);
  } catch (cause) {
    throw new MemoryError(
      "connection",
      response === undefined
        ? `Cannot reach ${options.base.origin}. Start the service with "spectron serve", or use embedded().`
        : `The answer to ${name} broke off.`,
      { cause },
    );
  }
  return read(call, response, text);
}

/** True when a response says that it is of such a type. */
export function hasType(response: Response, type: string): boolean {
  return (response.headers.get("content-type") ?? "").toLowerCase().includes(type);
}

function read(call: Call, response: Response, text: string | undefined): object {
  const { options, request, name } = call;
  const { status, headers } = response;
  const about = {
    status,
    traceId: headers.get("x-trace-id") ?? undefined,
    idempotencyKey: request.idempotencyKey,
  };
  // a transport may follow redirects in spite of what it is told
  const isRedirect =
    response.redirected || response.type === "opaqueredirect" || (status >= 300 && status < 400);
  const body = parseJson(text);
  if (!response.ok && !isRedirect)
    throw toApiError({
      ...about,
      body,
      call: name,
      context: `context "${options.context}" at ${options.base.href}`,
      retryAfterMs: parseRetryAfter(headers.get("retry-after"), options.now()),
    });
  const mayBeEmpty = status === 204 || request.mayBeEmpty === true;
  if (text === "" && mayBeEmpty && !isRedirect) return {};
  const isJson = hasType(response, "json") && !isRedirect;
  const hasFields =
    typeof body === "object" &&
    body !== null &&
    (request.field === undefined || request.field in body);
  if (isJson && hasFields) return body;
  throw new ApiError(
    "invalid_response",
    `${name} answered ${status} ${
      isRedirect
        ? 'with a redirect. Set "url" to the service itself.'
        : text === undefined
          ? `with more than ${options.maxResponseBytes} bytes (maxResponseBytes), or no text.`
          : 'with a body that is not the promised JSON. Is "url" Spectron?'
    }`,
    // JSON that stops in the middle was cut on the way; anything else is another service
    { ...about, retryable: isJson && text !== undefined && body === undefined },
  );
}
