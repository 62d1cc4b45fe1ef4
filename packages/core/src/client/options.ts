import { MemoryError } from "./errors.ts";
import { sleepFor } from "./sleep.ts";

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
  /** Longest wait of one call: all attempts, the pauses between them and the last body. @default 120000 */
  deadlineMs?: number | undefined;
  /** Attempts after the first. @default 3 */
  retries?: number | undefined;
  /** First pause between attempts; doubles, with full jitter. @default 250 */
  retryBaseMs?: number | undefined;
  /** Longest `Retry-After` that is waited for; a longer one ends the call. @default 30000 */
  maxRetryAfterMs?: number | undefined;
  /** Most bytes of one answer, unpacked. @default 33554432 */
  maxResponseBytes?: number | undefined;
  /** Principal to act for; needs a key that manages it. */
  onBehalfOf?: string | undefined;
  /** Clock for tests, epoch milliseconds. @default Date.now */
  now?: (() => number) | undefined;
  /** Jitter for tests, 0 to 1. @default Math.random */
  random?: (() => number) | undefined;
  /** Pause between attempts, for tests. @default a timer that the signal ends */
  sleep?: ((milliseconds: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Closes what `fetch` talks to; called by `spectron.close()`. */
  close?: (() => Promise<void>) | undefined;
}

/** What every call accepts beside its request; what is left out is the client's. */
export interface ReadOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
  deadlineMs?: number | undefined;
  retries?: number | undefined;
  onBehalfOf?: string | undefined;
}

export interface WriteOptions extends ReadOptions {
  /** Makes the write safe to repeat; derive it from what identifies the call, never from the clock. */
  idempotencyKey?: string | undefined;
}

type Numbers = Record<keyof typeof NUMBERS, number>;

export interface ResolvedOptions
  extends Numbers, Pick<SpectronOptions, "apiKey" | "context" | "onBehalfOf" | "close"> {
  base: URL;
  fetch: typeof globalThis.fetch;
  now: () => number;
  random: () => number;
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const NUMBERS = {
  timeoutMs: 30_000,
  deadlineMs: 120_000,
  retries: 3,
  retryBaseMs: 250,
  maxRetryAfterMs: 30_000,
  // 32 MiB
  maxResponseBytes: 33_554_432,
};

/** @throws MemoryError `configuration`, naming the option and the fix. */
export function resolveOptions(options: SpectronOptions): ResolvedOptions {
  const {
    url,
    context,
    apiKey,
    onBehalfOf,
    fetch,
    now = Date.now,
    random = Math.random,
    sleep = sleepFor,
  } = options ?? {};
  demand(!(options instanceof Promise), "options", "awaited, as embedded() is");
  const base = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  demand(
    base !== undefined &&
      /^https?:$/.test(base.protocol) &&
      base.username + base.password + base.search + base.hash === "",
    "url",
    "an http(s) URL without user, query or fragment",
  );
  base.pathname = base.pathname.replace(/(\/api\/v1)?\/?$/, "/");
  demand(
    typeof context === "string" && /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(context),
    "context",
    '1 to 64 letters, digits, _ or -, such as "dev"',
  );
  demand(apiKey === undefined || isHeaderText(apiKey), "apiKey", "visible ASCII characters");
  demand(
    onBehalfOf === undefined || isHeaderText(onBehalfOf),
    "onBehalfOf",
    "1 to 255 visible ASCII characters",
  );
  demand(fetch === undefined || typeof fetch === "function", "fetch", "a function");
  return {
    ...options,
    ...resolveNumbers(options),
    base,
    fetch: fetch ?? globalThis.fetch.bind(globalThis),
    now,
    random,
    sleep,
  };
}

/** @throws MemoryError `configuration`, unless the option is what it must be. */
export function demand(
  isMet: boolean,
  option: string,
  what: string,
  call = "createSpectron",
): asserts isMet {
  if (!isMet) throw new MemoryError("configuration", `${call}: "${option}" must be ${what}.`);
}

function resolveNumbers(options: SpectronOptions): Numbers {
  const numbers = { ...NUMBERS };
  for (const name of Object.keys(NUMBERS) as (keyof Numbers)[]) {
    const value = options[name] ?? NUMBERS[name];
    const isCount = name === "retries";
    demand(
      isCount ? Number.isInteger(value) && value >= 0 : Number.isFinite(value) && value > 0,
      name,
      isCount ? "a whole number from 0" : "a number above 0",
    );
    numbers[name] = value;
  }
  return numbers;
}

/** True for text that a header can carry as it is. */
export function isHeaderText(value: unknown): boolean {
  return typeof value === "string" && /^[\u0021-\u007e]+$/.test(value);
}
