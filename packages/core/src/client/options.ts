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
  /** Clock for tests, epoch milliseconds. @default Date.now */
  now?: (() => number) | undefined;
  /** Jitter for tests, 0 to 1. @default Math.random */
  random?: (() => number) | undefined;
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
  now: () => number;
  random: () => number;
  close: (() => Promise<void>) | undefined;
}

/** @throws MemoryError `configuration`, naming the option and the fix. */
export function resolveOptions(options: SpectronOptions): ResolvedOptions {
  if (typeof options !== "object" || options === null)
    throw new MemoryError(
      "configuration",
      "createSpectron needs options: { url, apiKey, context }, or what embedded() returns.",
    );
  if (!isServiceUrl(options.url))
    throw new MemoryError(
      "configuration",
      'createSpectron: "url" must be an absolute URL of http or https without user, query or fragment, such as "http://127.0.0.1:9090".',
    );
  if (
    typeof options.context !== "string" ||
    !/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(options.context)
  )
    throw new MemoryError(
      "configuration",
      'createSpectron: "context" must be 1 to 64 letters, digits, _ or -, such as "dev".',
    );
  if (options.apiKey !== undefined && !isHeaderText(options.apiKey))
    throw new MemoryError(
      "configuration",
      'createSpectron: "apiKey" must be visible ASCII without spaces or line ends. Was it read from a file with a final newline?',
    );
  if (options.onBehalfOf !== undefined && !isHeaderText(options.onBehalfOf))
    throw new MemoryError(
      "configuration",
      'createSpectron: "onBehalfOf" must be a principal id in visible ASCII.',
    );
  if (options.fetch !== undefined && typeof options.fetch !== "function")
    throw new MemoryError("configuration", 'createSpectron: "fetch" must be a function.');
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
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
    close: options.close,
  };
}

function isServiceUrl(value: unknown): boolean {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  const url = new URL(value);
  return (
    (url.protocol === "http:" || url.protocol === "https:") &&
    url.username + url.password + url.search + url.hash === ""
  );
}

function isHeaderText(value: unknown): boolean {
  return typeof value === "string" && /^[\u0021-\u007e]+$/.test(value);
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
