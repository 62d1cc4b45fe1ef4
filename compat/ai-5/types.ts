import {
  memoryMiddleware,
  memoryOptions,
  memoryTools,
  persistUIMessages,
  stampMessageIds,
  withMemory,
  withoutMemory,
} from "@spectron/ai-sdk";
import type { Spectron } from "@spectron/core";
import { convertToModelMessages, generateText, streamText, wrapLanguageModel } from "ai";
import type { LanguageModelMiddleware, UIMessage } from "ai";
import { MockLanguageModelV2 } from "ai/test";

// Checked, never run: what the package offers is what this version of the SDK takes.
declare const spectron: Spectron;
const options = { spectron };
const mock = new MockLanguageModelV2();

export const middleware: LanguageModelMiddleware = memoryMiddleware(options);
export const wrapped = wrapLanguageModel({ model: mock, middleware: memoryMiddleware(options) });
export const model: MockLanguageModelV2 = withMemory(mock, options);
const binding = { scope: "org/acme/user/alice", session: "chat-1" };
const providerOptions = memoryOptions(binding);

export async function calls(messages: UIMessage[]): Promise<Response> {
  await generateText({
    model,
    prompt: "hi",
    providerOptions: { ...providerOptions, other: { a: 1 } },
    tools: memoryTools({ spectron, ...binding }),
  });
  await generateText({ model: wrapped, prompt: "Give a title.", providerOptions: withoutMemory });
  const result = streamText({
    model,
    messages: convertToModelMessages(stampMessageIds(messages)),
    providerOptions,
  });
  return result.toUIMessageStreamResponse({
    ...persistUIMessages({ spectron, messages, providerOptions }),
  });
}

// @ts-expect-error -- a scope and a session are required
memoryOptions({ scope: "org/acme/user/alice" });
