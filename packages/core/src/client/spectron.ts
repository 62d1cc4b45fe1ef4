import type { ForgetRequest, ForgetResponse } from "../protocol/reads.ts";
import type { HealthResponse, MeResponse } from "../protocol/types.ts";
import { createCalls } from "./calls.ts";
import { withDeadline } from "./deadline.ts";
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
  /** Tries all of it once more; settles when that is over. */
  flush(): Promise<unknown>;
  /** Writes that are not stored yet. */
  undelivered(): number;
}

export interface FlushResult {
  /** Writes that are not stored: they failed, were reported and are tried again, or are still on their way. */
  undelivered: number;
}

/** Longest wait for what adapters have taken over; who stops a process gives it little more. */
const FLUSH_MS = 10_000;

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
  /** Tries every write that adapters have taken over at once, and waits until each is stored or reported, 10 s by default. */
  flush(options?: { timeoutMs?: number | undefined }): Promise<FlushResult>;
  /** Flushes, then refuses further calls and closes an embedded service. What is undelivered then is lost without `outbox.spill`. */
  close(options?: { timeoutMs?: number | undefined }): Promise<FlushResult>;
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
  let closed: FlushResult | undefined;
  const send: Send = async (request) => {
    if (closed)
      throw new MemoryError(
        "configuration",
        `This Spectron handle is closed, with ${closed.undelivered} writes undelivered; outbox.spill keeps them for the next.`,
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
  const flush: Spectron["flush"] = async ({ timeoutMs = FLUSH_MS } = {}) => {
    const all = [...drainables];
    const tried = async (): Promise<unknown> => Promise.all(all.map(async (item) => item.flush()));
    await withDeadline(tried, { call: "", timeoutMs }).catch(() => undefined);
    return { undelivered: all.reduce((sum, item) => sum + item.undelivered(), 0) };
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
      closed = await flush(options_);
      // what waits for another attempt hears of it now
      await flush({ timeoutMs: 0 });
      await resolved.close?.();
      return closed;
    },
  };
}
