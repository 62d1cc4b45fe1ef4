import { persistUIMessages, withMemory } from "@spectron/ai-sdk";
import type { UiMessage, UiStreamEnd } from "@spectron/ai-sdk";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { convertToModelMessages, streamText } from "ai";
import type { UIMessage } from "ai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newChat } from "./chats.ts";
import type { Chat } from "./chats.ts";
import { scriptedModel } from "./scripted-model.ts";

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => {
  await service.stop();
});

const userMessage = (id: string, text: string): UIMessage => ({
  id,
  role: "user",
  parts: [{ type: "text", text }],
});
const answerMessage = (id: string, ...parts: object[]): UIMessage => ({
  id,
  role: "assistant",
  parts: parts as UIMessage["parts"],
});
const ended = (responseMessage: UiMessage, changes: Partial<UiStreamEnd> = {}): UiStreamEnd => ({
  responseMessage,
  isAborted: false,
  ...changes,
});

/** A chat route as an application writes it: a wrapped model, the UI stream, our handler. */
async function route(chat: Chat, messages: UIMessage[], answer: string): Promise<string> {
  const { providerOptions } = chat;
  const result = streamText({
    model: withMemory(scriptedModel([{ text: answer }]).model, chat.options),
    messages: await convertToModelMessages(messages),
    providerOptions,
  });
  const memory = persistUIMessages({ ...chat.options, messages, providerOptions });
  const response = result.toUIMessageStreamResponse({
    ...memory,
    generateMessageId: () => `answer-${messages.length}`,
  } as Parameters<typeof result.toUIMessageStreamResponse>[0]);
  return response.text();
}

test("a UI stream stores both messages by their ids, once, and the wrapped model only recalls", async () => {
  const chat = newChat(service);
  const messages = [userMessage("m1", "I live in Braga.")];
  await route(chat, messages, "Nice city.");
  await service.spectron.flush();
  messages.push(answerMessage("answer-1", { type: "text", text: "Nice city." }));
  messages.push(userMessage("m2", "Where do I live?"));
  await route(chat, messages, "In Braga.");
  await service.spectron.flush();
  expect(
    chat.batches().map(({ body }) => body.messages.map(({ id, content }) => `${id}: ${content}`)),
  ).toEqual([
    ["m1: I live in Braga."],
    ["answer-1: Nice city."],
    ["m2: Where do I live?"],
    ["answer-3: In Braga."],
  ]);
  expect(chat.reads()).toBe(2);
});

test("regenerating repeats the question's key and stores the new answer; editing replaces the question", async () => {
  const chat = newChat(service);
  const { providerOptions } = chat;
  const turn = async (text: string, answerId: string, answer: string): Promise<void> => {
    const messages = [userMessage("m1", text)];
    const memory = persistUIMessages({ ...chat.options, messages, providerOptions });
    await memory.onEnd(ended(answerMessage(answerId, { type: "text", text: answer })));
    await service.spectron.flush();
  };
  await turn("I live in Braga.", "a1", "Nice.");
  await turn("I live in Braga.", "a2", "Lovely.");
  await turn("I live in Porto.", "a3", "Nice.");
  const stored = await chat.stored();
  expect(stored.filter((line) => line.startsWith("user:"))).toEqual(["user: I live in Porto."]);
  expect(chat.batches()).toHaveLength(5);
  const { hits } = await service.spectron.query({ query: "home city", lens: [[chat.scope]] });
  expect(JSON.stringify(hits)).not.toContain("Braga");
});

test("a continuation after an approval stores the tool's result and the new parts alone", async () => {
  const chat = newChat(service, { tools: { include: ["weather"] } });
  const { providerOptions } = chat;
  const before = [
    { type: "step-start" },
    { type: "text", text: "Let me look." },
    { type: "tool-weather", toolCallId: "c1", state: "approval-responded", input: {} },
  ];
  const messages = [userMessage("m1", "How is the weather?"), answerMessage("a1", ...before)];
  const memory = persistUIMessages({ ...chat.options, messages, providerOptions });
  await memory.onEnd(
    ended(
      answerMessage(
        "a1",
        ...before.slice(0, 2),
        { ...before[2], state: "output-available", output: "sunny" },
        { type: "step-start" },
        { type: "text", text: "Sunny." },
      ),
    ),
  );
  expect(await chat.stored()).toEqual(["tool: sunny", "assistant: Sunny."]);
});

test.each<[string, Partial<UiStreamEnd>]>([
  ["aborted", { isAborted: true }],
  ["cancelled by a browser that left", { isCancelled: true }],
  ["ended by an error", { finishReason: "error" }],
])("a stream that is %s keeps the user's message and no partial answer", async (_, end) => {
  const chat = newChat(service);
  const { providerOptions } = chat;
  const messages = [userMessage("m1", "I live in Braga.")];
  const memory = persistUIMessages({ ...chat.options, messages, providerOptions });
  await memory.onEnd(ended(answerMessage("a1", { type: "text", text: "Nic" }), end));
  expect(await chat.stored()).toEqual(["user: I live in Braga."]);
});

test("of an answer's parts, text, files, steering and finished listed tools are stored, in order", async () => {
  const chat = newChat(service, { tools: { include: ["weather", "search"] } });
  const { providerOptions } = chat;
  const messages = [userMessage("m1", "Hello?")];
  const memory = persistUIMessages({ ...chat.options, messages, providerOptions });
  const tool = { type: "tool-weather", input: {} };
  await memory.onEnd(
    ended(
      answerMessage(
        "a1",
        { type: "step-start" },
        { type: "reasoning", text: "hm" },
        { type: "reasoning-file", mediaType: "image/png" },
        { type: "custom", kind: "x" },
        { type: "source-url", url: "https://example.com" },
        { type: "data-notice", data: { a: 1 } },
        { type: "text", text: "One." },
        { type: "file", mediaType: "image/png", url: "data:image/png;base64,QUJD" },
        { ...tool, toolCallId: "1", state: "input-available" },
        { ...tool, toolCallId: "2", state: "approval-requested" },
        { ...tool, toolCallId: "3", state: "output-error", errorText: "no" },
        { ...tool, toolCallId: "4", state: "output-denied" },
        { ...tool, toolCallId: "5", state: "output-available", output: "half", preliminary: true },
        { ...tool, toolCallId: "6", state: "output-available", output: "sunny" },
        { ...tool, type: "tool-other", toolCallId: "7", state: "output-available", output: "x" },
        {
          type: "dynamic-tool",
          toolName: "search",
          toolCallId: "8",
          state: "output-available",
          output: { hits: 3 },
        },
        { type: "steering-message", id: "st", parts: [{ type: "text", text: "Porto too." }] },
        { type: "text", text: "Two." },
      ),
    ),
  );
  expect(await chat.stored()).toEqual([
    "user: Hello?",
    "assistant: One.\n[generated image/png]",
    "tool: sunny",
    'tool: {"hits":3}',
    "user: Porto too.",
    "assistant: Two.",
  ]);
});

test("the end of a stream counts once, whichever handlers the SDK calls", async () => {
  const chat = newChat(service);
  const { providerOptions } = chat;
  const messages = [userMessage("m1", "I live in Braga.")];
  const memory = persistUIMessages({ ...chat.options, messages, providerOptions });
  const end = ended(answerMessage("a1", { type: "text", text: "Nice." }));
  await Promise.all([memory.onEnd(end), memory.onFinish(end)]);
  expect(await chat.stored()).toEqual(["user: I live in Braga.", "assistant: Nice."]);
  expect(chat.batches()).toHaveLength(2);
});
