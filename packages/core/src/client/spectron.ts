import type {
  ContextRequest,
  ContextResponse,
  FactsBatchRequest,
  FactsBatchResponse,
  FactsRequest,
  FactsResponse,
  HealthResponse,
  MeResponse,
  ProfileResponse,
  QueryRequest,
  QueryResponse,
  ScopeSets,
  SessionCreateRequest,
  SessionResponse,
  StateResponse,
  TurnsResponse,
} from "../protocol/types.ts";
import { MemoryError } from "./errors.ts";
import { resolveOptions } from "./options.ts";
import type { SpectronOptions } from "./options.ts";
import { createSend } from "./send.ts";
import type { Send } from "./send.ts";
import { internService } from "./service.ts";
import type { Service } from "./service.ts";

export interface ReadOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
  retries?: number | undefined;
}

export interface WriteOptions extends ReadOptions {
  /** Makes the write safe to repeat; derive it from what identifies the call, never from the clock. */
  idempotencyKey?: string | undefined;
}

/** Work that must not be lost when the process ends. */
export interface Drainable {
  flush(options?: { timeoutMs?: number | undefined }): Promise<FlushResult>;
}

export interface FlushResult {
  /** Writes that failed, were reported and are kept to be tried again. */
  undelivered: number;
}

/** A handle on one context of a memory service. */
export interface Spectron {
  readonly context: string;
  health(options?: ReadOptions): Promise<HealthResponse>;
  /** What the service announces; asked once. */
  capabilities(): Promise<ReadonlySet<string>>;
  me(options?: ReadOptions): Promise<MeResponse>;
  readonly sessions: {
    create(request?: SessionCreateRequest, options?: WriteOptions): Promise<SessionResponse>;
    get(id: string, options?: ReadOptions): Promise<SessionResponse>;
    /** Ends appends; turns and facts stay. */
    close(id: string, options?: WriteOptions): Promise<void>;
    turns(
      id: string,
      page?: {
        limit?: number | undefined;
        offset?: number | undefined;
        cursor?: string | undefined;
      },
      options?: ReadOptions,
    ): Promise<TurnsResponse>;
    context(
      id: string,
      request: { query: string; k?: number | undefined; maxTokens?: number | undefined },
      options?: ReadOptions,
    ): Promise<ContextResponse>;
  };
  readonly facts: {
    add(request: FactsRequest, options?: WriteOptions): Promise<FactsResponse>;
    batch(request: FactsBatchRequest, options?: WriteOptions): Promise<FactsBatchResponse>;
  };
  query(request: QueryRequest, options?: ReadOptions): Promise<QueryResponse>;
  recallContext(request: ContextRequest, options?: ReadOptions): Promise<ContextResponse>;
  profile(
    filter?: { lens?: ScopeSets | undefined; asOf?: string | undefined },
    options?: ReadOptions,
  ): Promise<ProfileResponse>;
  state(
    filter?: {
      lens?: ScopeSets | undefined;
      asOf?: string | undefined;
      limit?: number | undefined;
      corrections?: boolean | undefined;
    },
    options?: ReadOptions,
  ): Promise<StateResponse>;
  /** Forgets what matches the query, in the caller's region. */
  forget(
    request: {
      query?: string | undefined;
      ids?: string[] | undefined;
      lens?: ScopeSets | undefined;
    },
    options?: WriteOptions,
  ): Promise<{ deleted: number }>;
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
  /** @internal */
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
  const drainables = new Set<Drainable>();
  let capabilities: Promise<ReadonlySet<string>> | undefined;

  const at = (path: string): string => `${encodeURIComponent(context)}/${path}`;
  const post = async <Body>(
    path: string,
    body: unknown,
    options_: WriteOptions & { repeatable?: boolean } = {},
  ): Promise<Body> => send<Body>({ method: "POST", path: at(path), body, ...options_ });
  const get = async <Body>(
    path: string,
    query: Record<string, string | undefined>,
    options_: ReadOptions = {},
  ): Promise<Body> => send<Body>({ method: "GET", path: at(path), query, ...options_ });
  const health = async (options_: ReadOptions = {}): Promise<HealthResponse> =>
    send<HealthResponse>({ method: "GET", path: "health", mayBeEmpty: true, ...options_ });
  const flush = async (options_: { timeoutMs?: number | undefined } = {}): Promise<FlushResult> => {
    const results = await Promise.all([...drainables].map(async (item) => item.flush(options_)));
    return { undelivered: results.reduce((sum, result) => sum + result.undelivered, 0) };
  };

  return {
    context,
    send,
    service: internService(resolved, options.fetch ?? globalThis.fetch),
    drainables,
    health,
    async capabilities() {
      capabilities ??= health().then((body) => new Set(body.capabilities ?? []));
      try {
        return await capabilities;
      } catch (error) {
        capabilities = undefined;
        throw error;
      }
    },
    me: async (options_) => get("me", {}, options_),
    sessions: {
      create: async (request = {}, options_) => post("sessions", request, options_),
      get: async (id, options_) => get(`sessions/${encodeURIComponent(id)}`, {}, options_),
      close: async (id, options_) => {
        await send({
          method: "DELETE",
          path: at(`sessions/${encodeURIComponent(id)}`),
          ...options_,
        });
      },
      turns: async (id, page = {}, options_) =>
        get(
          `sessions/${encodeURIComponent(id)}/turns`,
          { limit: page.limit?.toString(), offset: page.offset?.toString(), cursor: page.cursor },
          options_,
        ),
      context: async (id, request, options_) =>
        post(`sessions/${encodeURIComponent(id)}/context`, request, {
          ...options_,
          repeatable: true,
        }),
    },
    facts: {
      add: async (request, options_) => post("facts", request, options_),
      batch: async (request, options_) => post("facts/batch", request, options_),
    },
    query: async (request, options_) => post("query", request, { ...options_, repeatable: true }),
    recallContext: async (request, options_) =>
      post("context", request, { ...options_, repeatable: true }),
    profile: async (filter = {}, options_) =>
      get("profile", { lens: lensText(filter.lens), asOf: filter.asOf }, options_),
    state: async (filter = {}, options_) =>
      get(
        "state",
        {
          lens: lensText(filter.lens),
          asOf: filter.asOf,
          limit: filter.limit?.toString(),
          corrections: filter.corrections?.toString(),
        },
        options_,
      ),
    forget: async (request, options_) => post("forget", request, options_),
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

function lensText(lens: ScopeSets | undefined): string | undefined {
  return lens === undefined ? undefined : JSON.stringify(lens);
}
