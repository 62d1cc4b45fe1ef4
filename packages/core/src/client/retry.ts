import type { ApiError } from "./errors.ts";
import type { ResolvedOptions } from "./options.ts";

/**
 * Milliseconds before the next attempt: what `Retry-After` says and up to a fifth on top, so that many clients do
 * not return at once; without it an exponential pause with full jitter. Infinite when the service wants longer than
 * the cap: to come back earlier would only be refused again.
 */
export function retryDelay(
  error: unknown,
  attempt: number,
  options: Pick<ResolvedOptions, "random" | "retryBaseMs" | "maxRetryAfterMs">,
): number {
  const { random, retryBaseMs, maxRetryAfterMs } = options;
  const told = (error as Partial<ApiError>).retryAfterMs;
  if (told === undefined) return random() * retryBaseMs * 2 ** (attempt - 1);
  return told > maxRetryAfterMs ? Infinity : told + random() * (told / 5);
}

/** Seconds or an HTTP date; anything else counts as absent. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = /^\s*[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
