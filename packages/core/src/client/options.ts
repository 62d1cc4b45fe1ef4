import { MemoryError } from "./errors.ts";

export interface SpectronOptions {
  /** Where the service is, such as `http://127.0.0.1:9090`. */
  url: string;
  apiKey?: string | undefined;
  /** The context of every request. */
  context: string;
  /** Transport; `embedded()` hands in its own. @default globalThis.fetch */
  fetch?: typeof globalThis.fetch | undefined;
  /** Longest wait of one attempt, headers and body. @default 30000 */
  timeoutMs?: number | undefined;
  /** Attempts after the first. @default 3 */
  retries?: number | undefined;
  /** First pause between attempts; doubles, with full jitter. @default 250 */
  retryBaseMs?: number | undefined;
  /** Longest `Retry-After` that is waited for. @default 30000 */
  maxRetryAfterMs?: number | undefined;
  /** Principal to act for; needs a key that manages it. */
  onBehalfOf?: string | undefined;
  /** Closes what `fetch` talks to; called by `spectron.close()`. */
  close?: (() => Promise<void>) | undefined;
}

export interface ResolvedOptions {
  base: URL;
  apiKey: string | undefined;
  context: string;
  fetch: typeof globalThis.fetch;
  timeoutMs: number;
  retries: number;
  retryBaseMs: number;
  maxRetryAfterMs: number;
  onBehalfOf: string | undefined;
  close: (() => Promise<void>) | undefined;
}

/** @throws MemoryError `configuration`, naming the option and the fix. */
export function resolveOptions(options: SpectronOptions): ResolvedOptions {
  if (!URL.canParse(options.url))
    throw new MemoryError(
      "configuration",
      'createSpectron: "url" must be an absolute URL such as "http://127.0.0.1:9090".',
    );
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(options.context))
    throw new MemoryError(
      "configuration",
      'createSpectron: "context" must be 1 to 64 letters, digits, _ or -, such as "dev".',
    );
  const base = new URL(options.url);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return {
    base,
    apiKey: options.apiKey,
    context: options.context,
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    timeoutMs: positive("timeoutMs", options.timeoutMs ?? 30_000),
    retries: natural("retries", options.retries ?? 3),
    retryBaseMs: positive("retryBaseMs", options.retryBaseMs ?? 250),
    maxRetryAfterMs: positive("maxRetryAfterMs", options.maxRetryAfterMs ?? 30_000),
    onBehalfOf: options.onBehalfOf,
    close: options.close,
  };
}

function positive(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new MemoryError("configuration", `createSpectron: "${name}" must be a number above 0.`);
}

function natural(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 0) return value;
  throw new MemoryError(
    "configuration",
    `createSpectron: "${name}" must be a whole number from 0.`,
  );
}
