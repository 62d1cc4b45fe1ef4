import { createAdapterMemory, prefixAnchor } from "@spectron/core/adapter";
import type { MemoryBinding, MemoryTurn, MessageSource } from "@spectron/core/adapter";
import { findLeftovers, ownerOf } from "./leftovers.ts";
import type { Leftovers } from "./leftovers.ts";
import { anchored, answerDrafts, reasonOf, toDrafts } from "./messages.ts";
import type { Answer } from "./messages.ts";
import { observeAnswer } from "./observe-answer.ts";
import { bindingOf, NAMESPACE } from "./options.ts";
import type { CallBinding, MemoryMiddlewareOptions } from "./options.ts";
import { hasMemoryBlock, injectBlock, lastUserText, splitPrompt, stripStamps } from "./prompt.ts";
import type { PromptMessage, PromptPart } from "./prompt.ts";
import { answerIds, isAnswered, questionOf } from "./question.ts";
import type { Question } from "./question.ts";

/** What a call hands to the middleware, in the parts that every SDK version has. */
interface CallParameters {
  prompt: PromptMessage[];
  responseFormat?: { type: string } | undefined;
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

/** One model call under way: its turn, and the conversation that its answer continues. */
interface Call {
  turn: MemoryTurn;
  conversation: PromptMessage[];
  question: Question | undefined;
  /** Found when the question was new; the steps of one answer share them. */
  leftovers: Leftovers | undefined;
}

/** Answers that may be under way at once with leftovers of their own. */
const MOST_ANSWERED = 1000;

/**
 * Middleware that recalls before the model and remembers after it. Bind each call with `memoryOptions`; calls
 * without a scope and a session run without memory, and `onError` is told once.
 */
export function memoryMiddleware(options: MemoryMiddlewareOptions): MemoryMiddleware {
  const memory = createAdapterMemory({ ...options, adapter: "ai-sdk" });
  // transformParams and wrapGenerate of one call share the params object, and nothing else
  const calls = new WeakMap<object, Call>();
  const answered = new Map<string, Leftovers>();
  const includeTools = options.tools?.include ?? [];

  const leftoversOf = (binding: MemoryBinding, question: Question): Leftovers | undefined => {
    const key = JSON.stringify([binding.scope, binding.session, question.id]);
    if (isAnswered(question)) return answered.get(key);
    const ids = [question.id];
    const made = findLeftovers(memory, options, binding, { ids, question: question.id });
    answered.delete(key);
    answered.set(key, made);
    if (answered.size > MOST_ANSWERED) answered.delete(answered.keys().next().value ?? "");
    return made;
  };

  const start = async (params: CallParameters): Promise<Call | undefined> => {
    const bound = bindingOf(params.providerOptions) ?? {};
    const recall = bound.recall !== false && !hasMemoryBlock(params.prompt);
    const store = stores(bound, params, options);
    if (!recall && !store) return undefined;
    const { before, fresh } = splitPrompt(params.prompt);
    const query = lastUserText(params.prompt);
    const conversation = [...before, ...fresh];
    const question = store ? questionOf(conversation) : undefined;
    const binding = {
      scope: bound.scope ?? options.scope ?? "",
      session: bound.session ?? options.session ?? "",
    };
    const inputs = toDrafts(fresh, includeTools);
    const earlier = question?.since.slice(0, -fresh.length) ?? [];
    const ids = answerIds(question, earlier, inputs, includeTools);
    const turn = memory.turn(binding, {
      inputs: anchored(inputs, toDrafts(before, includeTools), { ids }),
      ...(query === undefined
        ? {}
        : { query, queryAnchor: await questionPlace(params.prompt, includeTools) }),
      store,
      recall,
      signal: params.abortSignal,
    });
    const leftovers = question === undefined ? undefined : leftoversOf(binding, question);
    leftovers?.keep(ids);
    return { turn, conversation, question, leftovers };
  };

  const stop = ({ turn, question, leftovers }: Call, partial?: MessageSource): void => {
    turn.abort(partial);
    // the SDK may ask again, so the answer that was there before stays until there is another
    leftovers?.retract((id) => ownerOf(id) === question?.id);
  };

  const finish = async (
    call: Call,
    answer: Answer | undefined,
    stopped: readonly PromptPart[] = [],
  ): Promise<void> => {
    const { turn, conversation, question, leftovers } = call;
    const before = toDrafts(conversation, includeTools);
    const drafts = answer === undefined ? undefined : answerDrafts(answer, includeTools);
    if (answer === undefined || drafts === undefined) {
      const partial = toDrafts([{ role: "assistant", content: [...stopped] }], includeTools);
      const ids = answerIds(question, question?.since ?? [], partial, includeTools);
      stop(call, anchored(partial, before, { ids }));
      return;
    }
    const ids = answerIds(question, question?.since ?? [], drafts, includeTools);
    leftovers?.keep(ids);
    await turn.finish(anchored(drafts, before, { ids, responseId: answer.responseId }));
    if (reasonOf(answer.finishReason) !== "tool-calls") leftovers?.retract();
  };
  const orStop = async <Result>(call: Call, model: () => PromiseLike<Result>): Promise<Result> => {
    try {
      return await model();
    } catch (error) {
      stop(call);
      throw error;
    }
  };

  return {
    specificationVersion: "v3",
    async transformParams({ params }) {
      const given = params as unknown as CallParameters;
      const call = await start(given);
      const block = await call?.turn.block;
      const next = {
        ...params,
        prompt: stripStamps(injectBlock(given.prompt, block ?? "", options)),
        ...withoutNamespace(given),
      };
      if (call !== undefined) calls.set(next, call);
      return next;
    },
    async wrapGenerate({ doGenerate, params }) {
      const call = calls.get(params as object);
      if (call === undefined) return doGenerate();
      const result = await orStop(call, doGenerate);
      const { content, finishReason, response } = result as {
        content: PromptPart[];
        finishReason?: unknown;
        response?: { id?: string };
      };
      await finish(call, { content, finishReason, responseId: response?.id });
      return result;
    },
    async wrapStream({ doStream, params }) {
      const call = calls.get(params as object);
      if (call === undefined) return doStream();
      const result = await orStop(call, doStream);
      const observed = observeAnswer(async (answer, stopped) => finish(call, answer, stopped));
      return { ...result, stream: result.stream.pipeThrough(observed) };
    },
  };
}

/** Structured output is the application's own question, not conversation, unless the call says otherwise. */
function stores(
  bound: CallBinding,
  params: CallParameters,
  options: MemoryMiddlewareOptions,
): boolean {
  if ((bound.writers ?? 0) > 0) return false;
  if (params.responseFormat?.type === "json") return bound.store === "always";
  return (bound.store ?? options.store ?? "always") !== "never";
}

/** Tells equal questions of one conversation apart: the conversation before the last user message. */
async function questionPlace(
  prompt: readonly PromptMessage[],
  includeTools: readonly string[],
): Promise<string> {
  const last = prompt.findLastIndex((message) => message.role === "user");
  return prefixAnchor(toDrafts(prompt.slice(0, last), includeTools));
}

function withoutNamespace(params: CallParameters): Pick<CallParameters, "providerOptions"> {
  if (params.providerOptions?.[NAMESPACE] === undefined) return {};
  const { [NAMESPACE]: _, ...rest } = params.providerOptions;
  return { providerOptions: rest };
}
