import { createAdapterMemory } from "@spectron/core/adapter";
import type { MemoryOptions, MemoryTurn } from "@spectron/core/adapter";
import { anchored, incompleteMark, isSaid, reasonOf, toDrafts } from "./messages.ts";
import type { Draft } from "./messages.ts";
import { bindingOf, claim } from "./options.ts";
import { splitPrompt } from "./prompt.ts";
import type { PromptMessage } from "./prompt.ts";

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

  return {
    async onStart({ callId, messages, providerOptions }) {
      const binding = bindingOf(providerOptions);
      if (binding?.store === "never") return;
      const { before, fresh } = splitPrompt(messages as PromptMessage[]);
      const release = binding === undefined ? () => undefined : claim(binding);
      const turn = memory.turn(
        { scope: binding?.scope ?? "", session: binding?.session ?? "" },
        { inputs: anchored(toDrafts(fresh, includeTools), toDrafts(before, includeTools)) },
      );
      open.set(callId, { turn, conversation: [...before, ...fresh], release });
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
        call.turn.abort();
        return;
      }
      const said = toDrafts(inOrder(responseMessages, steps), includeTools);
      const outputs = marked(said, incompleteMark(reason));
      await call.turn.finish(anchored(outputs, toDrafts(call.conversation, includeTools)));
    },
    onAbort({ callId }) {
      close(callId)?.turn.abort();
    },
  };
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
