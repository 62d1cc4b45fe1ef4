import { memoryOptions, withMemory } from "@spectron/ai-sdk";
import { describeAdapterContract, startTestService } from "@spectron/testing";
import {
  generateText,
  jsonSchema,
  simulateReadableStream,
  stepCountIs,
  streamText,
  tool,
} from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { expect, test } from "vitest";

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

function scripted(answers: string[]): MockLanguageModelV4 {
  const next = (): string => answers.shift() ?? "";
  return new MockLanguageModelV4({
    doGenerate: async () => ({
      content: [{ type: "text", text: next() }],
      finishReason: { unified: "stop", raw: "stop" },
      usage,
      warnings: [],
    }),
    doStream: async () => ({
      stream: simulateReadableStream({
        chunks: [
          { type: "text-start", id: "1" },
          ...(next().match(/\S+\s*/g) ?? []).map((delta) => ({
            type: "text-delta" as const,
            id: "1",
            delta,
          })),
          { type: "text-end", id: "1" },
          { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage },
        ],
      }),
    }),
  });
}

describeAdapterContract("AI SDK middleware", ({ spectron, scope, session, stream, onError }) => {
  const answers: string[] = [];
  const mock = scripted(answers);
  const model = withMemory(mock, { spectron, onError });
  const providerOptions = memoryOptions({ scope, session });
  return {
    async ask(text, answer) {
      answers.push(answer);
      const call = { model, prompt: text, system: "Be brief.", providerOptions };
      if (stream) return streamText(call).text;
      return (await generateText(call)).text;
    },
    prompts: () =>
      [...mock.doGenerateCalls, ...mock.doStreamCalls].map((call) =>
        call.prompt
          .map((message) =>
            typeof message.content === "string"
              ? message.content
              : message.content.map((part) => (part.type === "text" ? part.text : "")).join(""),
          )
          .join("\n"),
      ),
  };
});

test("a tool loop stores each message once and recalls once", async () => {
  const service = await startTestService();
  let calls = 0;
  const mock = new MockLanguageModelV4({
    doGenerate: async () => {
      calls += 1;
      return {
        content:
          calls === 1
            ? [
                {
                  type: "tool-call",
                  toolCallId: "c1",
                  toolName: "weather",
                  input: '{"city":"Braga"}',
                },
              ]
            : [{ type: "text", text: "Sunny." }],
        finishReason: { unified: calls === 1 ? "tool-calls" : "stop", raw: undefined },
        usage,
        warnings: [],
      };
    },
  });
  await generateText({
    model: withMemory(mock, { spectron: service.spectron }),
    prompt: "How is the weather?",
    stopWhen: stepCountIs(3),
    providerOptions: memoryOptions({ scope: "u/a", session: "s" }),
    tools: {
      weather: tool({
        inputSchema: jsonSchema<{ city: string }>({
          type: "object",
          properties: { city: { type: "string" } },
        }),
        execute: async () => "sunny",
      }),
    },
  });
  await service.spectron.flush();
  expect(await service.stored()).toEqual([
    "user: How is the weather?",
    'assistant: called weather({"city":"Braga"})',
    "assistant: Sunny.",
  ]);
  const reads = service.requests.filter((request) => request.path.endsWith("/context"));
  expect(reads).toHaveLength(1);
  await service.stop();
});

test("the provider never sees our options", async () => {
  const service = await startTestService();
  const mock = scripted(["ok"]);
  await generateText({
    model: withMemory(mock, { spectron: service.spectron }),
    prompt: "hi",
    providerOptions: { ...memoryOptions({ scope: "u/a", session: "s" }), other: { a: 1 } },
  });
  expect(mock.doGenerateCalls[0]?.providerOptions).toEqual({ other: { a: 1 } });
  await service.stop();
});

test("an aborted stream keeps the user's message and no partial answer", async () => {
  const service = await startTestService();
  const abort = new AbortController();
  const mock = new MockLanguageModelV4({
    doStream: async ({ abortSignal }) => ({
      stream: new ReadableStream({
        start(controller) {
          controller.enqueue({ type: "text-start", id: "1" });
          controller.enqueue({ type: "text-delta", id: "1", delta: "partial" });
          abortSignal?.addEventListener("abort", () => {
            controller.error(abortSignal.reason);
          });
        },
      }),
    }),
  });
  const result = streamText({
    model: withMemory(mock, { spectron: service.spectron }),
    prompt: "I live in Braga.",
    abortSignal: abort.signal,
    providerOptions: memoryOptions({ scope: "u/a", session: "s" }),
    onError: () => undefined,
  });
  for await (const part of result.fullStream) if (part.type === "text-delta") abort.abort();
  await service.spectron.flush();
  expect(await service.stored()).toEqual(["user: I live in Braga."]);
  await service.stop();
});
