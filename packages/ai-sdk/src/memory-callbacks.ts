import { createAdapterMemory } from "@spectron/core/adapter";
import type { MemoryOptions, MemoryTurn } from "@spectron/core/adapter";
import { findLeftovers } from "./leftovers.ts";
import type { Leftovers } from "./leftovers.ts";
import { anchored, incompleteMark, isSaid, reasonOf, toDrafts } from "./messages.ts";
import type { Draft } from "./messages.ts";
import { bindingOf, claim } from "./options.ts";
import { splitPrompt } from "./prompt.ts";
import type { PromptMessage } from "./prompt.ts";
import { answerIds, isAnswered, questionOf } from "./question.ts";
import type { Question } from "./question.ts";

/** What the callbacks read of the SDK's start event. */
export interface CallStart {
  readonly callId: string;
  readonly messages: readonly unknown[];
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined;
}

/** What the callbacks read of the SDK's end event. */
export interface CallEnd {
  readonly callId: string;
  readonly finishReason: unknown;
  readonly responseMessages: readonly unknown[];
  readonly steps: readonly unknown[];
}

/** Spread into `generateText`, `streamText` or the settings of a `ToolLoopAgent`. */
export interface MemoryCallbacks {
  onStart(event: CallStart): Promise<void>;
  onEnd(event: CallEnd): Promise<void>;
  onAbort(event: { readonly callId: string }): void;
}

interface OpenCall {
  turn: MemoryTurn;
  conversation: PromptMessage[];
  question: Question | undefined;
  leftovers: Leftovers | undefined;
  release: () => void;
}

/** Calls that may be open at once; the SDK never reports the end of a call that was rejected. */
const MOST_OPEN = 1000;

/**
 * Callbacks of ai 7 that store a whole call, all its steps, as one input and one output write. Bind the call with
 * `memoryOptions`; a model that is wrapped with memory then only recalls.
 */
export function memoryCallbacks(options: Omit<MemoryOptions, "recall">): MemoryCallbacks {
  const memory = createAdapterMemory({ ...options, recall: false, adapter: "ai-sdk" });
  const includeTools = options.tools?.include ?? [];
  const open = new Map<string, OpenCall>();

  const close = (callId: string): OpenCall | undefined => {
    const call = open.get(callId);
    open.delete(callId);
    call?.release();
    return call;
  };
  const stop = (call: OpenCall | undefined): void => {
    call?.turn.abort();
    call?.leftovers?.retract();
  };

  return {
    async onStart({ callId, messages, providerOptions }) {
      const binding = bindingOf(providerOptions);
      if (binding?.store === "never") return;
      const { before, fresh } = splitPrompt(messages as PromptMessage[]);
      const release = binding === undefined ? () => undefined : claim(binding);
      const conversation = [...before, ...fresh];
      const question = questionOf(conversation);
      const inputs = toDrafts(fresh, includeTools);
      const ids = answerIds(
        question,
        question?.since.slice(0, -fresh.length) ?? [],
        inputs,
        includeTools,
      );
      const bound = { scope: binding?.scope ?? "", session: binding?.session ?? "" };
      const turn = memory.turn(bound, {
        inputs: anchored(inputs, toDrafts(before, includeTools), { ids }),
      });
      const leftovers =
        question === undefined || isAnswered(question)
          ? undefined
          : findLeftovers(memory, options, bound, { ids: [question.id], question: question.id });
      leftovers?.keep(ids);
      open.set(callId, { turn, conversation, question, leftovers, release });
      for (const oldest of open.keys()) {
        if (open.size <= MOST_OPEN) break;
        close(oldest)?.turn.abort();
      }
    },
    async onEnd({ callId, finishReason, responseMessages, steps }) {
      const call = close(callId);
      if (call === undefined) return;
      const reason = reasonOf(finishReason);
      if (!isSaid(reason)) {
        stop(call);
        return;
      }
      const said = toDrafts(inOrder(responseMessages, steps), includeTools);
      const outputs = marked(said, incompleteMark(reason));
      const { turn, conversation, question, leftovers } = call;
      const ids = answerIds(question, question?.since ?? [], outputs, includeTools);
      leftovers?.keep(ids);
      // an answer to a known question is told apart by the question; any other by what was said before it
      const responseId = question === undefined ? undefined : lastResponseId(steps);
      await turn.finish(
        anchored(outputs, toDrafts(conversation, includeTools), { ids, responseId }),
      );
      leftovers?.retract();
    },
    onAbort({ callId }) {
      stop(close(callId));
    },
  };
}

function lastResponseId(steps: readonly unknown[]): string | undefined {
  const { response } = (steps.at(-1) ?? {}) as { response?: { id?: string } };
  return response?.id;
}

/** Messages of the whole call; steering messages are only in the steps. */
function inOrder(responseMessages: readonly unknown[], steps: readonly unknown[]): PromptMessage[] {
  const perStep = steps.map((step) => {
    const { response, experimental_steeringMessages: steering = [] } = step as {
      response: { messages: PromptMessage[] };
      experimental_steeringMessages?: PromptMessage[];
    };
    return { steering, messages: response.messages };
  });
  const ofSteps = perStep.reduce((sum, step) => sum + step.messages.length, 0);
  // what comes before the first step are the results of tools that were approved
  const approved = responseMessages.slice(0, Math.max(0, responseMessages.length - ofSteps));
  return [
    ...(approved as PromptMessage[]),
    ...perStep.flatMap(({ steering, messages }) => [...steering, ...messages]),
  ];
}

function marked(drafts: readonly Draft[], mark: string): Draft[] {
  const last = drafts.findLastIndex((draft) => draft.role === "assistant");
  const draft = drafts[last];
  return mark === "" || draft === undefined
    ? [...drafts]
    : drafts.with(last, { ...draft, text: `${draft.text}\n${mark}` });
}
