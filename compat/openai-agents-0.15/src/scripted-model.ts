import { Usage } from "@openai/agents";
import type {
  AgentOutputItem,
  Model,
  ModelRequest,
  ModelResponse,
  StreamEvent,
} from "@openai/agents";

// What later versions of the SDK offer at "@openai/agents/testing", in the parts that the shared tests use.

type Output = ModelResponse["output"];

type Step =
  | { type: "error"; error: unknown }
  | { type: "responder"; respond: (call: Call) => Output | Promise<Output> }
  | { type: "stream_responder"; respond: (call: Call) => AsyncIterable<StreamEvent> };

interface Call {
  index: number;
  streamed: boolean;
  request: ModelRequest;
}

export type ScriptedModelInput = Step | Output;

export function assistantMessage(
  text: string,
  options: { id?: string; phase?: string; providerData?: Record<string, unknown> } = {},
): AgentOutputItem {
  return {
    type: "message",
    role: "assistant",
    status: "completed",
    ...options,
    content: [{ type: "output_text", text }],
  } as AgentOutputItem;
}

export function functionCall(
  name: string,
  args: string | Record<string, unknown>,
  options: { callId: string; id?: string },
): AgentOutputItem {
  return {
    type: "function_call",
    name,
    callId: options.callId,
    id: options.id ?? options.callId,
    status: "completed",
    arguments: typeof args === "string" ? args : JSON.stringify(args),
  } as AgentOutputItem;
}

export function modelError(error: unknown): Step {
  return { type: "error", error };
}

export function modelResponder(respond: (call: Call) => Output | Promise<Output>): Step {
  return { type: "responder", respond };
}

export function modelStreamResponder(respond: (call: Call) => AsyncIterable<StreamEvent>): Step {
  return { type: "stream_responder", respond };
}

/** Answers with one step a call, and writes down what it was asked. */
export class ScriptedModel implements Model {
  readonly calls: Call[] = [];
  readonly #steps: ScriptedModelInput[];

  constructor(steps: Iterable<ScriptedModelInput> = []) {
    this.#steps = [...steps];
  }

  async getResponse(request: ModelRequest): Promise<ModelResponse> {
    request.signal?.throwIfAborted();
    const { step, call } = this.#take(request, false);
    const output = await outputOf(step, call);
    request.signal?.throwIfAborted();
    return { output, usage: new Usage({ requests: 1 }), responseId: `resp_${call.index}` };
  }

  async *getStreamedResponse(request: ModelRequest): AsyncIterable<StreamEvent> {
    request.signal?.throwIfAborted();
    const { step, call } = this.#take(request, true);
    if (!Array.isArray(step) && step.type === "stream_responder") {
      for await (const event of step.respond(call)) {
        request.signal?.throwIfAborted();
        yield event;
      }
      request.signal?.throwIfAborted();
      return;
    }
    const output = await outputOf(step, call);
    yield { type: "response_started" };
    for (const item of output as { content?: { type: string; text?: string }[] }[])
      for (const part of item.content ?? [])
        if (part.type === "output_text")
          yield { type: "output_text_delta", delta: part.text ?? "" } as StreamEvent;
    yield {
      type: "response_done",
      response: {
        id: `resp_${call.index}`,
        usage: { requests: 1, inputTokens: 0, outputTokens: 0, totalTokens: 0 },
        output,
      },
    } as StreamEvent;
  }

  #take(request: ModelRequest, streamed: boolean): { step: ScriptedModelInput; call: Call } {
    const call = { index: this.calls.length, streamed, request: { ...request } };
    this.calls.push(call);
    const step = this.#steps.shift();
    if (step === undefined) throw new Error("The script has no step for this call of the model.");
    return { step, call };
  }
}

async function outputOf(step: ScriptedModelInput, call: Call): Promise<Output> {
  if (Array.isArray(step)) return structuredClone(step);
  if (step.type === "error") throw step.error;
  if (step.type === "responder") return step.respond(call);
  throw new Error("This step of the script is for streaming.");
}
