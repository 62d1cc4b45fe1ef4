import { randomBytes } from "node:crypto";
import type { ExtractInput, Extractor, QueryHit } from "@spectron/core/protocol";
import { checkAnswer } from "./commands/command.ts";
import type { Caller, IdempotencyRequest } from "./commands/command.ts";
import type { CommandInput, CommandOutput } from "./commands/index.ts";
import type { Extraction } from "./extract/extractor.ts";
import { createRuleExtractor } from "./extract/rules.ts";
import { runExtractors } from "./extract/run-extractors.ts";
import type { ExtractorError } from "./extract/run-extractors.ts";
import { splitSpeaker } from "./extract/speaker.ts";
import { chat } from "./generate/chat.ts";
import type { ChatInput, ChatReply } from "./generate/chat.ts";
import type { Generator } from "./generate/generator.ts";
import { reflect } from "./generate/reflect.ts";
import type { Reflection, ReflectInput } from "./generate/reflect.ts";
import { createLoopShare } from "./loop-share.ts";
import { EngineError } from "./model/errors.ts";
import type { Instant } from "./model/records.ts";
import { prepareMessages } from "./prepare-messages.ts";
import type { IncomingMessage } from "./prepare-messages.ts";
import type { QueryInput, QueryName, QueryOutput } from "./queries/index.ts";
import type { Embedder } from "./recall/embedder.ts";
import { createEmbedding } from "./recall/embedding.ts";
import type { EmbeddingProgress } from "./recall/embedding.ts";
import type { KeyRecord, Store, VerifyReport } from "./stores/store.ts";
import type { ReadTrace } from "./commands/record-traces.ts";
import { createSteadyClock } from "./steady-clock.ts";
import { createTraceQueue } from "./trace-queue.ts";
import { createSweepingStore } from "./sweeping-store.ts";
import type { RetentionOptions } from "./sweeping-store.ts";

export interface EngineOptions {
  store: Store;
  /** Asked in order; the rules come last and always. @default rules, no model */
  extractor?: Extractor | readonly Extractor[] | undefined;
  /** How long one extractor may take before the next is asked, in milliseconds. @default 30_000 */
  extractTimeoutMs?: number | undefined;
  /** Told when an extractor gave no usable answer; the turns are stored whatever happens. */
  onExtractorError?: ((error: ExtractorError) => void) | undefined;
  /** Adds likeness of meaning to recall. @default none: recall goes by words */
  embedder?: Embedder | undefined;
  /** Told how far an embedder is with the turns of a context. */
  onEmbedding?: ((progress: EmbeddingProgress) => void) | undefined;
  /** Writes replies and reflections. @default none: no chat, and reflections quote what was said */
  generator?: Generator | undefined;
  /** How long answers and traces are kept. */
  retention?: RetentionOptions | undefined;
  /** Wall clock, epoch milliseconds. @default Date.now */
  now?: (() => number) | undefined;
  /** Seed of the ids of one call. @default 16 random bytes */
  nonce?: (() => string) | undefined;
}

type Seeded<Input> = Omit<Input, "seed">;

export type RememberInput = Omit<
  Seeded<CommandInput<"ingest">>,
  "messages" | "extraction" | "preview"
> & {
  messages: readonly IncomingMessage[];
  infer: "full" | "none" | "preview" | "triples";
};

export type ForgetRequest = Omit<Seeded<CommandInput<"forget">>, "silence"> & {
  /** Absent: only `ids`. */
  match?: Omit<QueryInput<"matchForget">, "at" | "caller" | "past"> | undefined;
};

/** What recall found; the hits are JSON until somebody wants to look at them. */
export interface Recalled extends Omit<QueryOutput<"recallText">, "facts" | "hits" | "reasons"> {
  hitsJson: string;
  hits(): QueryHit[];
  traceId: string;
}

/** What memory means, over one store. */
export interface Engine {
  /** The service's time, epoch milliseconds; it never goes back, whatever the wall clock does. */
  now(): number;
  /** Stores that this instant has passed, so that what expired by it does not live again in a later process. */
  keepPassed(instant: Instant): Promise<void>;
  remember(input: RememberInput): Promise<CommandOutput<"ingest">>;
  createSession(
    input: Seeded<CommandInput<"createSession">>,
  ): Promise<CommandOutput<"createSession">>;
  closeSession(input: Seeded<CommandInput<"closeSession">>): Promise<void>;
  /** Closes a session and erases its turns; facts stay. */
  purgeSession(input: Seeded<CommandInput<"purgeSession">>): Promise<void>;
  /** Takes one message out of the conversation and undoes what only it stated. */
  retract(input: Seeded<CommandInput<"retract">>): Promise<void>;
  /** Ends or erases records by id, or those that speak of the query. */
  forget(input: ForgetRequest): Promise<CommandOutput<"forget">>;
  expire(caller: Caller): Promise<{ affected: number }>;
  decay(caller: Caller): Promise<{ affected: number }>;
  /** Puts turns into quarantine or restores them. */
  holdTurns(input: Seeded<CommandInput<"holdTurns">>): Promise<{ changed: number }>;
  /** Makes the context if needed and stores one key. */
  bootstrap(key: KeyRecord): Promise<CommandOutput<"bootstrap">>;
  read<Name extends QueryName>(name: Name, input: QueryInput<Name>): Promise<QueryOutput<Name>>;
  /** Ranked recall; the trace of it is kept without holding up the answer. */
  recall(input: Omit<QueryInput<"recallText">, "at" | "vector">): Promise<Recalled>;
  /**
   * Answers a message from memory and stores the exchange.
   *
   * @throws EngineError `not_implemented` without a generator, `generator_failed` when it fails: nothing is stored then.
   */
  chat(input: ChatInput): Promise<ChatReply>;
  /** What memory as a whole says to a question. */
  reflect(input: ReflectInput): Promise<Reflection & { traceId: string }>;
  /** Settles when the embedder has caught up with the context; done in the background as well. */
  catchUpVectors(context: string): Promise<void>;
  /** Settles when writes are taken; rejects with what keeps them from being. */
  check(): Promise<void>;
  /** Reads everything once and tells what breaks a rule that must always hold. */
  verify(): Promise<VerifyReport>;
  /** Copies the memory to a new file while it is in use. */
  backup(target: string): Promise<void>;
  close(): Promise<void>;
}

/** Reads that show traces, or what recalling has strengthened. */
const READS_OF_TRACES: ReadonlySet<QueryName> = new Set<QueryName>([
  "getEntity",
  "getTrace",
  "listTraces",
  "readAudit",
  "readState",
  "readTraceStats",
]);
const EMPTY: Extraction = { facts: [], instructions: [], uncertainties: [] };
const EXTRACT_TIMEOUT_MS = 30_000;
export function createEngine(options: EngineOptions): Engine {
  const now = createSteadyClock(options.now ?? Date.now, options.store.newest);
  const store = createSweepingStore(options.store, { ...options.retention, now });
  const nonce = options.nonce ?? (() => randomBytes(16).toString("hex"));
  const models = options.extractor === undefined ? [] : [options.extractor].flat();
  const share = createLoopShare();
  const extractors = [...models, createRuleExtractor({ share })];
  const closing = new AbortController();
  const embedding =
    options.embedder === undefined
      ? undefined
      : createEmbedding({
          store,
          embedder: options.embedder,
          onProgress: options.onEmbedding,
          signal: closing.signal,
        });
  const traces = createTraceQueue(store);
  const inFlight = new Set<string>();
  const background = new Set<Promise<unknown>>();

  const seed = (): CommandInput<"createSession">["seed"] => ({ now: now(), nonce: nonce() });

  /** One request per key at a time; a repeat that is already answered never reaches the extractor. */
  async function guarded<Result>(
    request: IdempotencyRequest | undefined,
    run: () => Promise<Result>,
  ): Promise<Result | { replayed: true; status: number; body: string }> {
    if (request === undefined) return run();
    const key = JSON.stringify(request.ref);
    if (inFlight.has(key))
      throw new EngineError(
        "idempotency_in_flight",
        "The first request with this Idempotency-Key is still running. Retry after a second.",
      );
    inFlight.add(key);
    try {
      const stored = checkAnswer(
        await store.read("findAnswer", { ref: request.ref }),
        request,
        now(),
      );
      if (stored !== undefined) return { replayed: true, status: stored.status, body: stored.body };
      return await run();
    } finally {
      inFlight.delete(key);
    }
  }

  let kept = options.store.newest;
  const keepPassed = async (instant: Instant): Promise<void> => {
    if (instant <= kept) return;
    const at = now();
    await options.store.write("keepTime", { now: at });
    kept = at;
  };

  /** Work that no answer waits for; what fails is tried again by the next use. */
  function later(work: Promise<unknown>): void {
    const task = work.catch(() => undefined).finally(() => background.delete(task));
    background.add(task);
  }

  function trace(
    { context, principal }: Caller,
    about: Pick<ReadTrace, "kind" | "data" | "recalled">,
  ): string {
    const id = `tr_${nonce().slice(0, 26)}`;
    traces.add({ context, principal, at: now(), id, ...about });
    return id;
  }

  async function extract(
    messages: readonly IncomingMessage[],
    at: number,
    target: Pick<RememberInput, "caller" | "sessionId" | "scopes">,
  ): Promise<Extraction> {
    const input: ExtractInput = {
      // rules compare nothing; a model may say what a new fact replaces
      known:
        models.length === 0
          ? []
          : await store.read("knownFacts", {
              caller: target.caller,
              sessionId: target.sessionId,
              scopes: target.scopes,
              at,
            }),
      now: at,
      messages: messages.flatMap((message, index) => {
        if (message.remember === false || message.infer === false) return [];
        const { speaker } = splitSpeaker(message.content);
        return {
          turnId: String(index),
          role: message.role,
          content: message.content,
          ts: message.ts ?? at,
          ...(message.role === "user" && speaker !== undefined ? { speaker } : {}),
        };
      }),
    };
    return runExtractors(extractors, input, {
      timeoutMs: options.extractTimeoutMs ?? EXTRACT_TIMEOUT_MS,
      onError: options.onExtractorError,
    });
  }

  const engine: Engine = {
    now,

    async remember({ messages, infer, ...input }) {
      return guarded(input.idempotency, async () => {
        const made = seed();
        const prepared = await prepareMessages(messages, made.now, share);
        const extraction =
          infer === "none" || messages.length === 0
            ? EMPTY
            : await extract(messages, made.now, input);
        const outcome = await store.write("ingest", {
          ...input,
          seed: made,
          messages: prepared,
          extraction,
          preview: infer === "preview",
        });
        if (embedding !== undefined && !outcome.replayed && infer !== "preview")
          later(embedding.catchUp(input.caller.context, outcome.body.sessionId));
        return outcome;
      });
    },

    createSession: async (input) =>
      guarded(input.idempotency, async () =>
        store.write("createSession", { ...input, seed: seed() }),
      ),

    closeSession: async (input) => store.write("closeSession", { ...input, seed: seed() }),
    purgeSession: async (input) => store.write("purgeSession", { ...input, seed: seed() }),
    retract: async (input) => store.write("retract", { ...input, seed: seed() }),
    expire: async (caller) => store.write("expire", { caller, seed: seed() }),
    async decay(caller) {
      await traces.flush();
      return store.write("decay", { caller, seed: seed() });
    },
    holdTurns: async (input) => store.write("holdTurns", { ...input, seed: seed() }),

    forget: async ({ match, ...input }) =>
      guarded(input.idempotency, async () => {
        const made = seed();
        const found =
          match === undefined
            ? { facts: [], turns: [] }
            : await store.read("matchForget", {
                ...match,
                caller: input.caller,
                past: input.purge,
                at: made.now,
              });
        return store.write("forget", {
          ...input,
          seed: made,
          ids: [...input.ids, ...found.facts],
          silence: found.turns,
        });
      }),

    bootstrap: async (key) =>
      store.write("bootstrap", {
        key,
        now: now(),
        contextSecret: randomBytes(32).toString("base64url"),
      }),
    async read<Name extends QueryName>(
      name: Name,
      input: QueryInput<Name>,
    ): Promise<QueryOutput<Name>> {
      if (READS_OF_TRACES.has(name)) await traces.flush();
      return store.read(name, input) as Promise<QueryOutput<Name>>;
    },

    async recall(input) {
      const started = performance.now();
      const vector = await embedding?.toVector(input);
      const {
        hits: hitsJson,
        facts,
        reasons,
        ...result
      } = await store.read("recallText", { ...input, vector, at: now() });
      if (embedding !== undefined) later(embedding.catchUp(input.caller.context));
      const data = {
        k: input.k,
        mode: input.mode ?? "hybrid",
        tier: result.tier,
        reason: result.tierReason,
        latencyMs: Math.round(performance.now() - started),
        candidates: result.candidates,
      };
      const traceId = trace(input.caller, {
        kind: "retrieval",
        data: `${JSON.stringify(data).slice(0, -1)},"returned":${reasons}}`,
        recalled: facts,
      });
      return { ...result, hitsJson, hits: () => JSON.parse(hitsJson) as QueryHit[], traceId };
    },

    async chat(input) {
      if (options.generator === undefined)
        throw new EngineError(
          "not_implemented",
          "Chat needs a generator, and this service has none. Ask /context and call your model yourself.",
        );
      const started = performance.now();
      const reply = await chat(engine, options.generator, input);
      const traceId = trace(input.caller, {
        kind: "response",
        data: JSON.stringify({
          session: reply.sessionId,
          model: options.generator.name,
          latencyMs: Math.round(performance.now() - started),
          cited: reply.citations.map(({ id, score }) => [id, score]),
        }),
        recalled: [],
      });
      return { ...reply, traceId };
    },

    async reflect(input) {
      const started = performance.now();
      const made = await reflect(engine, options.generator, input);
      const traceId = trace(input.caller, {
        kind: "response",
        data: JSON.stringify({
          model: options.generator?.name ?? "none",
          latencyMs: Math.round(performance.now() - started),
          evidence: made.evidence,
        }),
        recalled: [],
      });
      return { ...made, traceId };
    },

    keepPassed,
    catchUpVectors: async (context) => embedding?.catchUp(context),

    check: async () => store.check(),
    verify: async () => store.verify(),
    async backup(target) {
      await traces.flush();
      await store.backup(target);
    },

    async close() {
      closing.abort();
      await Promise.all([...background, traces.flush()]);
      // a store that takes no more writes must still close
      await keepPassed(now()).catch(() => undefined);
      await store.close();
    },
  };
  return engine;
}
