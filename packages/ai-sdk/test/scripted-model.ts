import { simulateReadableStream } from "ai";
import type { LanguageModel } from "ai";
import * as mocks from "ai/test";

/** A tool call of a scripted answer. */
export interface ScriptedCall {
  id: string;
  name: string;
  input: string;
}

/** One scripted answer of the model, generated and streamed alike. */
export interface Step {
  /** Words of the prompt that this answer is for; any prompt without. */
  for?: string;
  text?: string;
  calls?: ScriptedCall[];
  /** Content parts of the model's specification, in front of the text. */
  parts?: object[];
  finish?: string;
  /** The provider's id of the response. */
  id?: string;
  /** Thrown instead of an answer. */
  throws?: unknown;
  /** The stream ends with this error part, or without a finish part at all. */
  breaks?: "error" | "silence";
}

interface RecordedCall {
  prompt: { role: string; content: unknown; providerOptions?: unknown }[];
  providerOptions?: unknown;
}

interface Mock {
  doGenerateCalls: RecordedCall[];
  doStreamCalls: RecordedCall[];
}

type MockConstructor = new (behaviour: object) => Mock;

const { MockLanguageModelV4, MockLanguageModelV3, MockLanguageModelV2 } =
  mocks as unknown as Record<string, MockConstructor | undefined>;

/** The SDK's major version under test. */
const major = MockLanguageModelV4 !== undefined ? 7 : MockLanguageModelV3 !== undefined ? 6 : 5;

const usage =
  major === 5
    ? { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
    : {
        inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
        outputTokens: { total: 1, text: 1, reasoning: 0 },
      };

function finishReason(step: Step): unknown {
  const reason = step.finish ?? (step.calls === undefined ? "stop" : "tool-calls");
  return major === 5 ? reason : { unified: reason, raw: reason };
}

function toolCalls(step: Step): object[] {
  return (step.calls ?? []).map(({ id, name, input }) => ({
    type: "tool-call",
    toolCallId: id,
    toolName: name,
    input,
  }));
}

function chunks(step: Step): object[] {
  const words = step.text?.match(/\S+\s*/g) ?? [];
  return [
    { type: "stream-start", warnings: [] },
    ...(step.id === undefined ? [] : [{ type: "response-metadata", id: step.id }]),
    ...(step.parts ?? []).flatMap(streamed),
    ...(words.length === 0
      ? []
      : [
          { type: "text-start", id: "1" },
          ...words.map((delta) => ({ type: "text-delta", id: "1", delta })),
          { type: "text-end", id: "1" },
        ]),
    ...toolCalls(step),
    ...(step.breaks === "error" ? [{ type: "error", error: new Error("broken") }] : []),
    ...(step.breaks === undefined
      ? [{ type: "finish", finishReason: finishReason(step), usage }]
      : []),
  ];
}

function streamed(part: object): object[] {
  const { type, text } = part as { type: string; text?: string };
  if (type !== "reasoning") return [part];
  return [
    { type: "reasoning-start", id: "r" },
    { type: "reasoning-delta", id: "r", delta: text },
    { type: "reasoning-end", id: "r" },
  ];
}

/** The SDK's own mock model, answering from a script; the script may grow while it runs. */
export function scriptedModel(script: Step[]): {
  model: Exclude<LanguageModel, string>;
  calls: () => RecordedCall[];
  prompts: () => string[];
} {
  const next = ({ prompt }: RecordedCall): Step => {
    const text = prompt.map(textOf).join("\n");
    const index = script.findIndex((step) => step.for !== undefined && text.includes(step.for));
    const step = script.splice(Math.max(0, index), 1)[0] ?? {};
    if (step.throws !== undefined) throw step.throws;
    return step;
  };
  const Constructor = MockLanguageModelV4 ?? MockLanguageModelV3 ?? MockLanguageModelV2;
  if (Constructor === undefined) throw new Error("ai/test has no mock language model.");
  const mock = new Constructor({
    doGenerate: async (options: RecordedCall) => {
      const step = next(options);
      return {
        content: [
          ...(step.parts ?? []),
          ...(step.text === undefined ? [] : [{ type: "text", text: step.text }]),
          ...toolCalls(step),
        ],
        finishReason: finishReason(step),
        ...(step.id === undefined ? {} : { response: { id: step.id } }),
        usage,
        warnings: [],
      };
    },
    doStream: async (options: RecordedCall) => ({
      stream: simulateReadableStream({ chunks: chunks(next(options)) }),
    }),
  });
  const calls = (): RecordedCall[] => [...mock.doGenerateCalls, ...mock.doStreamCalls];
  return {
    model: mock as unknown as Exclude<LanguageModel, string>,
    calls,
    prompts: () => calls().map(({ prompt }) => prompt.map(textOf).join("\n")),
  };
}

/** All text of a prompt message. */
export function textOf(message: { content: unknown }): string {
  if (typeof message.content === "string") return message.content;
  return (message.content as { type: string; text?: string }[])
    .map((part) => (part.type === "text" ? part.text : ""))
    .join("");
}
