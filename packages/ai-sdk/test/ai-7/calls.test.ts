import {
  memoryCallbacks,
  memoryOptions,
  prepareCallWithMemory,
  stampMessageIds,
  withMemory,
} from "@spectron/ai-sdk";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import {
  convertToModelMessages,
  experimental_createSteering,
  generateText,
  jsonSchema,
  stepCountIs,
  streamText,
  tool,
  ToolLoopAgent,
} from "ai";
import type { ModelMessage, UIMessage } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, modes, newChat, weatherTool } from "../chats.ts";
import type { Chat } from "../chats.ts";
import { scriptedModel } from "../scripted-model.ts";
import type { Step } from "../scripted-model.ts";

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => {
  await service.stop();
});

const toolTurn = (): Step[] => [
  { calls: [{ id: "c1", name: "weather", input: '{"city":"Braga"}' }] },
  { text: "Sunny." },
];
const wholeTurn = [
  "user: How is the weather?",
  'assistant: called weather({"city":"Braga"})',
  "tool: sunny",
  "assistant: Sunny.",
];

describe.each(modes)("memoryCallbacks, %s", (_, stream) => {
  test("store a whole call with its steps as one input and one output write", async () => {
    const chat = newChat(service, { tools: { include: ["weather"] } });
    await ask(stream, {
      model: scriptedModel(toolTurn()).model,
      prompt: "How is the weather?",
      tools: weatherTool(),
      stopWhen: stepCountIs(2),
      providerOptions: chat.providerOptions,
      ...memoryCallbacks(chat.options),
    });
    expect(await chat.stored()).toEqual(wholeTurn);
    expect(chat.batches()).toHaveLength(2);
  });

  test("and the middleware never both write: the marked call is only recalled by the model", async () => {
    const chat = newChat(service, { tools: { include: ["weather"] } });
    await ask(stream, {
      model: withMemory(scriptedModel(toolTurn()).model, chat.options),
      prompt: "How is the weather?",
      tools: weatherTool(),
      stopWhen: stepCountIs(2),
      providerOptions: chat.providerOptions,
      ...memoryCallbacks(chat.options),
    });
    expect(await chat.stored()).toEqual(wholeTurn);
    expect(chat.batches()).toHaveLength(2);
    expect(chat.reads()).toBe(1);
  });

  test("the mark ends with the call: the same options without callbacks are stored by the model again", async () => {
    const chat = newChat(service);
    const { providerOptions } = chat;
    const model = withMemory(
      scriptedModel([{ text: "One." }, { text: "Two." }]).model,
      chat.options,
    );
    await ask(stream, {
      model,
      prompt: "First?",
      providerOptions,
      ...memoryCallbacks(chat.options),
    });
    await ask(stream, { model, prompt: "Second?", providerOptions });
    expect(await chat.stored()).toEqual([
      "user: First?",
      "assistant: One.",
      "user: Second?",
      "assistant: Two.",
    ]);
  });

  test("write nothing for a call without a binding, and say so once", async () => {
    const chat = newChat(service);
    const callbacks = memoryCallbacks(chat.options);
    const { model } = scriptedModel([{ text: "One." }, { text: "Two." }]);
    await ask(stream, { model, prompt: "First?", ...callbacks });
    await ask(stream, { model, prompt: "Second?", ...callbacks });
    await service.spectron.flush();
    expect(chat.batches()).toEqual([]);
    expect(chat.errors.map(({ code }) => code)).toEqual(["configuration"]);
  });

  test.each(["callbacks", "middleware"])("steering is captured once, by the %s", async (writer) => {
    const chat = newChat(service);
    const steering = experimental_createSteering();
    const weather = tool({
      inputSchema: jsonSchema<{ city: string }>({ type: "object" }),
      execute: async () => {
        void steering.steer("Porto too.");
        return "sunny";
      },
    });
    await ask(stream, {
      model: withMemory(scriptedModel(toolTurn()).model, chat.options),
      prompt: "How is the weather?",
      tools: { weather },
      stopWhen: stepCountIs(2),
      providerOptions: chat.providerOptions,
      ...({ experimental_steering: steering } as object),
      ...(writer === "callbacks" ? memoryCallbacks(chat.options) : {}),
    });
    expect((await chat.stored()).filter((line) => !line.startsWith("assistant: called"))).toEqual([
      "user: How is the weather?",
      "user: Porto too.",
      "assistant: Sunny.",
    ]);
  });
});

describe.each(modes)("memoryCallbacks with stamped messages, %s", (_, stream) => {
  const turn = async (chat: Chat, messages: UIMessage[], ...steps: Step[]): Promise<string> =>
    ask(stream, {
      model: scriptedModel(steps).model,
      messages: await convertToModelMessages(stampMessageIds(messages)),
      tools: weatherTool(),
      stopWhen: stepCountIs(3),
      providerOptions: chat.providerOptions,
      ...memoryCallbacks(chat.options),
    });
  const said = (role: "user" | "assistant", id: string, text: string): UIMessage => ({
    id,
    role,
    parts: [{ type: "text", text }],
  });

  test("regenerate: the new answer stands in the old one's place, with all its steps", async () => {
    const chat = newChat(service, { tools: { include: ["weather"] } });
    const messages = [said("user", "m1", "How is the weather?")];
    await turn(chat, messages, ...toolTurn());
    await turn(chat, messages, { text: "No idea." });
    expect(await chat.stored()).toEqual(["user: How is the weather?", "assistant: No idea."]);
    await turn(chat, messages, ...toolTurn());
    expect((await chat.stored()).toSorted()).toEqual(wholeTurn.toSorted());
  });

  test("edit: the old words, their answer and what came later are no live turns", async () => {
    const chat = newChat(service);
    const first = said("user", "m1", "I live in Braga.");
    await turn(chat, [first], { text: "Nice city." });
    const later = [said("assistant", "a1", "Nice city."), said("user", "m2", "I have a dog.")];
    await turn(chat, [first, ...later], { text: "Good dog." });
    await turn(chat, [said("user", "m1", "I live in Porto.")], { text: "Nice river." });
    expect(await chat.stored()).toEqual(["user: I live in Porto.", "assistant: Nice river."]);
  });

  test("without stamps nothing is doubled, and another answer stands beside the first", async () => {
    const chat = newChat(service);
    for (const text of ["Nice.", "Lovely.", "Nice."])
      await ask(stream, {
        model: scriptedModel([{ text }]).model,
        prompt: "I live in Braga.",
        providerOptions: chat.providerOptions,
        ...memoryCallbacks(chat.options),
      });
    expect(await chat.stored()).toEqual([
      "user: I live in Braga.",
      "assistant: Nice.",
      "assistant: Lovely.",
    ]);
  });
});

test("memoryCallbacks with stamped messages: a regenerated answer that is aborted takes the old one with it", async () => {
  const chat = newChat(service);
  const question: UIMessage = {
    id: "m1",
    role: "user",
    parts: [{ type: "text", text: "I live in Braga." }],
  };
  const messages = await convertToModelMessages(stampMessageIds([question]));
  const { providerOptions } = chat;
  await generateText({
    model: scriptedModel([{ text: "Nice city." }]).model,
    messages,
    providerOptions,
    ...memoryCallbacks(chat.options),
  });
  expect(await chat.stored()).toHaveLength(2);
  const abort = new AbortController();
  const result = streamText({
    model: scriptedModel([{ text: "word ".repeat(200) }]).model,
    messages,
    abortSignal: abort.signal,
    providerOptions,
    onError: () => undefined,
    ...memoryCallbacks(chat.options),
  });
  for await (const _ of result.textStream) abort.abort();
  expect(await chat.stored()).toEqual(["user: I live in Braga."]);
});

test("memoryCallbacks keep the user's message of an aborted stream, and no partial answer", async () => {
  const chat = newChat(service);
  const abort = new AbortController();
  const { model } = scriptedModel([{ text: "word ".repeat(200) }]);
  const result = streamText({
    model,
    prompt: "I live in Braga.",
    abortSignal: abort.signal,
    providerOptions: chat.providerOptions,
    onError: () => undefined,
    ...memoryCallbacks(chat.options),
  });
  for await (const _ of result.textStream) abort.abort();
  expect(await chat.stored()).toEqual(["user: I live in Braga."]);
});

test("memoryCallbacks write no answer of a failed stream", async () => {
  const chat = newChat(service);
  const result = streamText({
    model: scriptedModel([{ text: "Nice", breaks: "error" }]).model,
    prompt: "I live in Braga.",
    providerOptions: chat.providerOptions,
    onError: () => undefined,
    ...memoryCallbacks(chat.options),
  });
  await result.consumeStream();
  expect(await chat.stored()).toEqual(["user: I live in Braga."]);
});

test("streamRetries: one output unit, and one retrieval for the user message", async () => {
  const chat = newChat(service);
  const broken: Step = { text: "Nice", breaks: "error" };
  const { model, calls } = scriptedModel([broken, { text: "Nice city." }]);
  const result = streamText({
    model: withMemory(model, chat.options),
    prompt: "I live in Braga.",
    providerOptions: chat.providerOptions,
    streamRetries: 1,
    onError: () => ({ retry: true }) as never,
  });
  await result.consumeStream();
  expect(calls()).toHaveLength(2);
  expect(await chat.stored()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
  expect(chat.reads()).toBe(1);
});

test("a real approval: the continuation writes only new parts", async () => {
  const chat = newChat(service, { tools: { include: ["weather"] } });
  const { model } = scriptedModel(toolTurn());
  const weather = { ...weatherTool().weather, needsApproval: true };
  const messages: ModelMessage[] = [{ role: "user", content: "How is the weather?" }];
  const call = {
    model: withMemory(model, chat.options),
    tools: { weather },
    stopWhen: stepCountIs(2),
    providerOptions: chat.providerOptions,
  };
  const first = await generateText({ ...call, messages });
  messages.push(...first.responseMessages);
  const approval = first.content.find((part) => part.type === "tool-approval-request");
  messages.push({
    role: "tool",
    content: [
      {
        type: "tool-approval-response",
        approvalId: approval?.approvalId ?? "",
        approved: true,
      },
    ],
  });
  expect((await generateText({ ...call, messages })).text).toBe("Sunny.");
  expect(await chat.stored()).toEqual(wholeTurn);
});

describe.each(["callbacks", "a wrapped model"])("prepareCallWithMemory with %s", (writer) => {
  test("recalls once for the whole agent call and leaves the writing to them", async () => {
    const chat = newChat(service, { tools: { include: ["weather"] } });
    await service.spectron.facts.add({ text: "I live in Braga.", scopes: [[chat.scope]] });
    const scripted = scriptedModel(toolTurn());
    const wraps = writer === "a wrapped model";
    const agent = new ToolLoopAgent<{ user: string; chat: string }, ReturnType<typeof weatherTool>>(
      {
        model: wraps ? withMemory(scripted.model, chat.options) : scripted.model,
        instructions: "Be brief.",
        tools: weatherTool(),
        prepareCall: prepareCallWithMemory<{ user: string; chat: string }>({
          ...chat.options,
          scope: (call) => call.user,
          session: (call) => call.chat,
        }),
        ...(wraps ? {} : memoryCallbacks(chat.options)),
      },
    );
    await agent.generate({
      prompt: "How is the weather?",
      options: { user: chat.scope, chat: chat.session },
    });
    expect(scripted.prompts()).toHaveLength(2);
    for (const prompt of scripted.prompts()) {
      expect(prompt).toMatch(/^Be brief\.\n\n<spectron-memory>[\s\S]*Braga/);
      expect(prompt.match(/<spectron-memory>/g)).toHaveLength(1);
    }
    expect(await chat.stored()).toEqual(wholeTurn);
    expect(chat.reads()).toBe(1);
  });
});

test("a call that opts out of storing is not stored by callbacks either", async () => {
  const chat = newChat(service);
  const { scope, session } = chat;
  await generateText({
    model: scriptedModel([{ text: "A title" }]).model,
    prompt: "Give this chat a title.",
    providerOptions: memoryOptions({ scope, session, store: "never" }),
    ...memoryCallbacks(chat.options),
  });
  await service.spectron.flush();
  expect(chat.batches()).toEqual([]);
});
