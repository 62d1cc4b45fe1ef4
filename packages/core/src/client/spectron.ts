import type { ForgetRequest, ForgetResponse } from "../protocol/reads.ts";
import type { HealthResponse, MeResponse } from "../protocol/types.ts";
import { createCalls } from "./calls.ts";
import { MemoryError } from "./errors.ts";
import { createFacts } from "./facts.ts";
import type { Facts } from "./facts.ts";
import { createMemo } from "./memo.ts";
import { resolveOptions } from "./options.ts";
import type { ReadOptions, SpectronOptions, WriteOptions } from "./options.ts";
import { createRecall } from "./recall.ts";
import type { Recall } from "./recall.ts";
import { createSend } from "./send.ts";
import type { Send } from "./send.ts";
import { internService } from "./service.ts";
import type { Service } from "./service.ts";
import { createSessions } from "./sessions.ts";
import type { Sessions } from "./sessions.ts";
import { createState } from "./state.ts";
import type { State } from "./state.ts";

/** Work that must not be lost when the process ends. */
export interface Drainable {
  flush(options?: { timeoutMs?: number | undefined }): Promise<FlushResult>;
}

export interface FlushResult {
  /** Writes that failed, were reported and are kept to be tried again. */
  undelivered: number;
}

/** A handle on one context of a memory service. */
export interface Spectron extends Recall, State {
  readonly context: string;
  readonly sessions: Sessions;
  readonly facts: Facts;
  health(options?: ReadOptions): Promise<HealthResponse>;
  /** What the service announces; asked once. */
  capabilities(): Promise<ReadonlySet<string>>;
  me(options?: ReadOptions): Promise<MeResponse>;
  /** Forgets what matches the query, or the given records, in the caller's region. */
  forget(request: ForgetRequest, options?: WriteOptions): Promise<ForgetResponse>;
  /** Registers scope paths before their first use, where the service does not do so by itself. */
  ensureScopes(paths: readonly string[], options?: WriteOptions): Promise<void>;
  /**
   * Tries every write that adapters have taken over at once, and waits until each is stored or reported.
   *
   * @throws MemoryError `timeout` when that takes longer than `timeoutMs`; the writes stay in the outbox.
   */
  flush(options?: { timeoutMs?: number | undefined }): Promise<FlushResult>;
  /** Flushes, then refuses further calls and closes an embedded service, also when not everything was delivered. */
  close(options?: { timeoutMs?: number | undefined }): Promise<void>;
  /** @internal */
  readonly send: Send;
  /** @internal */
  readonly service: Service;
  /** Work that `flush` waits for; an adapter adds what it keeps by itself. */
  readonly drainables: Set<Drainable>;
}

/**
 * Connects to a memory service: a URL and a key, or what `embedded()` returns.
 *
 * @throws MemoryError `configuration` for an option that cannot work.
 */
export function createSpectron(options: SpectronOptions): Spectron {
  const resolved = resolveOptions(options);
  const deliver = createSend(resolved);
  let closed = false;
  const send: Send = async (request) => {
    if (closed)
      throw new MemoryError(
        "configuration",
        "This Spectron handle is closed. Make a new one with createSpectron().",
      );
    return deliver(request);
  };
  const { context } = resolved;
  const calls = createCalls(send, context);
  const drainables = new Set<Drainable>();
  const announced = createMemo<ReadonlySet<string>>(1);

  const health = async (options_?: ReadOptions): Promise<HealthResponse> =>
    send({ method: "GET", path: "health", mayBeEmpty: true, ...options_ });
  const capabilities = async (): Promise<ReadonlySet<string>> =>
    announced("", async () => new Set((await health()).capabilities ?? []));
  const flush = async (options_: { timeoutMs?: number | undefined } = {}): Promise<FlushResult> => {
    const results = await Promise.all([...drainables].map(async (item) => item.flush(options_)));
    return { undelivered: results.reduce((sum, result) => sum + result.undelivered, 0) };
  };

  return {
    context,
    send,
    service: internService(resolved, options.fetch ?? globalThis.fetch),
    drainables,
    sessions: createSessions(calls),
    facts: createFacts(calls),
    ...createRecall(calls),
    ...createState(calls),
    health,
    capabilities,
    me: async (options_) => calls.get("me", [], {}, options_),
    forget: async (request, options_) => calls.post("forget", [], request, options_),
    async ensureScopes(paths, options_) {
      if ((await capabilities()).has("auto-register-scopes")) return;
      for (const path of paths) await calls.post("scopes", [], { path }, options_);
    },
    flush,
    async close(options_) {
      try {
        await flush(options_);
      } finally {
        closed = true;
        await resolved.close?.();
      }
    },
  };
}
