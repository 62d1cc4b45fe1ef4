import { createAdapterMemory, prefixAnchor } from "@spectron/core/adapter";
import type { AdapterMemory, MemoryTurn } from "@spectron/core/adapter";
import { anchored, contentDrafts, toDrafts, withoutIds } from "./messages.ts";
import { NAMESPACE } from "./options.ts";
import type { MemoryBindingOptions, MemoryMiddlewareOptions } from "./options.ts";
import { injectBlock, lastUserText, splitPrompt } from "./prompt.ts";
import type { PromptMessage, PromptPart } from "./prompt.ts";

/** What a call hands to the middleware, in the parts that every SDK version has. */
interface CallParameters {
  prompt: unknown;
  providerOptions?: Record<string, Record<string, unknown>> | undefined;
  abortSignal?: AbortSignal | undefined;
}

/** A language-model middleware that type-checks as such in ai 5, 6 and 7. */
export interface MemoryMiddleware {
  readonly specificationVersion: "v3";
  // oxlint-disable-next-line typescript/no-explicit-any -- the hook types of three SDK majors meet only in `any`
  transformParams: <P extends { prompt: any }>(o: {
    type: "generate" | "stream";
    params: P;
    // oxlint-disable-next-line typescript/no-explicit-any
    model: any;
  }) => Promise<P>;
  // oxlint-disable-next-line typescript/no-explicit-any
  wrapGenerate: <R extends { content: any[] }>(o: {
    doGenerate: () => PromiseLike<R>;
    // oxlint-disable-next-line typescript/no-explicit-any
    doStream: any;
    // oxlint-disable-next-line typescript/no-explicit-any
    params: any;
    // oxlint-disable-next-line typescript/no-explicit-any
    model: any;
  }) => Promise<R>;
  // oxlint-disable-next-line typescript/no-explicit-any
  wrapStream: <S extends { stream: ReadableStream }>(o: {
    // oxlint-disable-next-line typescript/no-explicit-any
    doGenerate: any;
    doStream: () => PromiseLike<S>;
    // oxlint-disable-next-line typescript/no-explicit-any
    params: any;
    // oxlint-disable-next-line typescript/no-explicit-any
    model: any;
  }) => Promise<S>;
}

/** One model call under way: its turn, and what its answer is keyed by. */
interface Call {
  turn: MemoryTurn;
  conversation: PromptMessage[];
}

/**
 * Middleware that recalls before the model and remembers after it. Bind each call with `memoryOptions`; calls
 * without a scope and a session run without memory, and `onError` is told once.
 */
export function memoryMiddleware(options: MemoryMiddlewareOptions): MemoryMiddleware {
  const memory = createAdapterMemory({ ...options, adapter: "ai-sdk" });
  // transformParams and wrapGenerate of one call share the params object, and nothing else
  const calls = new WeakMap<object, Call>();
  const includeTools = options.tools?.include ?? [];

  const finish = async (
    call: Call,
    content: readonly PromptPart[],
    finishReason: unknown,
  ): Promise<void> => {
    const reason = reasonOf(finishReason);
    if (reason === "error" || reason === "content-filter") {
      call.turn.abort();
      return;
    }
    const outputs = await anchored(
      contentDrafts(content, includeTools),
      toDrafts(call.conversation, includeTools),
    );
    await call.turn.finish(outputs);
  };

  return {
    specificationVersion: "v3",
    async transformParams({ params }) {
      const started = await startCall(memory, options, params as CallParameters, includeTools);
      const next = {
        ...params,
        prompt: stripStamps(injectBlock(params.prompt as PromptMessage[], await started.block)),
        ...stripOptions(params as CallParameters),
      };
      if (started.call !== undefined) calls.set(next, started.call);
      return next;
    },
    async wrapGenerate({ doGenerate, params }) {
      const call = calls.get(params as object);
      if (call === undefined) return doGenerate() as never;
      let result: unknown;
      try {
        result = await doGenerate();
      } catch (error) {
        call.turn.abort();
        throw error;
      }
      const { content, finishReason } = result as { content: PromptPart[]; finishReason?: unknown };
      await finish(call, content, finishReason);
      return result as never;
    },
    async wrapStream({ doStream, params }) {
      const call = calls.get(params as object);
      if (call === undefined) return doStream() as never;
      let result: { stream: ReadableStream };
      try {
        result = await doStream();
      } catch (error) {
        call.turn.abort();
        throw error;
      }
      return { ...result, stream: result.stream.pipeThrough(observe(call, finish)) } as never;
    },
  };
}

async function startCall(
  memory: AdapterMemory,
  options: MemoryMiddlewareOptions,
  params: CallParameters,
  includeTools: readonly string[],
): Promise<{ call?: Call; block: Promise<string> | string }> {
  const bound = params.providerOptions?.[NAMESPACE] as Partial<MemoryBindingOptions> | undefined;
  const binding = {
    scope: bound?.scope ?? options.scope ?? "",
    session: bound?.session ?? options.session ?? "",
  };
  const prompt = params.prompt as PromptMessage[];
  const { before, fresh } = splitPrompt(prompt);
  const inputs = await anchored(toDrafts(fresh, includeTools), toDrafts(before, includeTools));
  const query = lastUserText(prompt);
  const turn = memory.turn(binding, {
    inputs,
    ...(query === undefined ? {} : { query, queryAnchor: await queryAnchor(prompt, includeTools) }),
    store: (bound?.store ?? options.store ?? "always") !== "never",
    recall: bound?.recall ?? true,
    ...(params.abortSignal === undefined ? {} : { signal: params.abortSignal }),
  });
  return { call: { turn, conversation: [...before, ...fresh] }, block: turn.block };
}

/** Tells equal questions of one conversation apart: the conversation before the last user message. */
async function queryAnchor(
  prompt: readonly PromptMessage[],
  includeTools: readonly string[],
): Promise<string> {
  const last = prompt.findLastIndex((message) => message.role === "user");
  return prefixAnchor(withoutIds(toDrafts(prompt.slice(0, last), includeTools)));
}

/** Passes every part on at once and keeps what the answer is made of; only a `finish` part makes it memory. */
function observe(
  call: Call,
  finish: (call: Call, content: readonly PromptPart[], reason: unknown) => Promise<void>,
): TransformStream<unknown, unknown> {
  const texts = new Map<string, { type: "text"; text: string }>();
  const content: PromptPart[] = [];
  let finished: unknown;
  return new TransformStream<unknown, unknown>({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      const part = chunk as PromptPart & { id?: string; delta?: string; finishReason?: unknown };
      if (part.type === "text-delta") {
        const id = part.id ?? "";
        let held = texts.get(id);
        if (held === undefined) {
          held = { type: "text", text: "" };
          texts.set(id, held);
          content.push(held);
        }
        held.text += part.delta ?? "";
      } else if (part.type === "finish") {
        finished = part.finishReason ?? "unknown";
      } else if (["tool-call", "tool-result", "file"].includes(part.type)) {
        content.push(part);
      }
    },
    async flush() {
      if (finished === undefined) call.turn.abort();
      else await finish(call, content, finished);
    },
    cancel() {
      call.turn.abort();
    },
  } as Transformer<unknown, unknown>);
}

/** ai 5 gives a string, later versions `{ unified, raw }`. */
function reasonOf(reason: unknown): string {
  if (typeof reason === "string") return reason;
  return typeof reason === "object" && reason !== null
    ? String((reason as { unified?: unknown }).unified)
    : "unknown";
}

function stripOptions(params: CallParameters): {
  providerOptions?: CallParameters["providerOptions"];
} {
  if (params.providerOptions === undefined) return {};
  const { [NAMESPACE]: _, ...rest } = params.providerOptions;
  return { providerOptions: rest };
}

/** Removes the message ids that `stampMessageIds` leaves on messages and parts. */
function stripStamps(prompt: readonly PromptMessage[]): PromptMessage[] {
  return prompt.map((message) => {
    const clean = withoutStamp(message);
    return typeof clean.content === "string"
      ? clean
      : { ...clean, content: clean.content.map(withoutStamp) };
  });
}

function withoutStamp<Holder extends { providerOptions?: Record<string, Record<string, unknown>> }>(
  holder: Holder,
): Holder {
  if (holder.providerOptions?.[NAMESPACE] === undefined) return holder;
  const { [NAMESPACE]: _, ...rest } = holder.providerOptions;
  return { ...holder, providerOptions: rest };
}
