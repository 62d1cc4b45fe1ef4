import {
  memoryOptions,
  memoryTools,
  stampMessageIds,
  withMemory,
  withoutMemory,
} from "@spectron/ai-sdk";
import { createSpectron } from "@spectron/core";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { convertToModelMessages, jsonSchema, Output, stepCountIs, streamText } from "ai";
import type { ModelMessage } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, modes, newChat, retryableError, weatherTool } from "./chats.ts";
import type { Chat } from "./chats.ts";
import { scriptedModel, textOf } from "./scripted-model.ts";
import type { Step } from "./scripted-model.ts";

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => {
  await service.stop();
});

/** A chat whose user memory already knows something about. */
async function knownUser(changes: Parameters<typeof newChat>[1] = {}): Promise<Chat> {
  const chat = newChat(service, changes);
  await service.spectron.facts.add({ text: "I live in Braga.", scopes: [[chat.scope]] });
  return chat;
}

describe.each(modes)("AI SDK checklist, %s", (_mode, stream) => {
  test("maxRetries: one output unit and one retrieval for the user message", async () => {
    const chat = newChat(service);
    const { model, calls } = scriptedModel([{ throws: retryableError() }, { text: "Nice city." }]);
    await ask(stream, {
      model: withMemory(model, chat.options),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
    });
    expect(calls()).toHaveLength(2);
    expect(await chat.stored()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
    expect(chat.batches()).toHaveLength(2);
    expect(chat.reads()).toBe(1);
  });

  test.each(["length", "stop", "other"])(
    "an answer that ends with %s is stored",
    async (finish) => {
      const chat = newChat(service);
      const { model } = scriptedModel([{ text: "Nice city.", finish }]);
      await ask(stream, {
        model: withMemory(model, chat.options),
        prompt: "I live in Braga.",
        providerOptions: chat.providerOptions,
      });
      const mark = finish === "length" ? "\n[incomplete: length]" : "";
      expect(await chat.stored()).toEqual([
        "user: I live in Braga.",
        `assistant: Nice city.${mark}`,
      ]);
    },
  );

  test.each(["error", "content-filter"])("an answer that ends with %s is not", async (finish) => {
    const chat = newChat(service);
    const { model } = scriptedModel([{ text: "Nice city.", finish }]);
    await ask(stream, {
      model: withMemory(model, chat.options),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
    }).catch(() => undefined);
    expect(await chat.stored()).toEqual(["user: I live in Braga."]);
  });

  test("the response id that the provider sends is what the answer is keyed by", async () => {
    const chat = newChat(service);
    const { model } = scriptedModel([
      { text: "Yes.", id: "resp_1" },
      { text: "Yes.", id: "resp_2" },
      { text: "Yes.", id: "resp_2" },
    ]);
    const remembering = withMemory(model, chat.options);
    for (let count = 0; count < 3; count += 1)
      await ask(stream, {
        model: remembering,
        prompt: "Is it?",
        providerOptions: chat.providerOptions,
      });
    expect(await chat.stored()).toEqual(["user: Is it?", "assistant: Yes.", "assistant: Yes."]);
  });

  test("an approved tool's continuation writes only what is new", async () => {
    const chat = newChat(service, { tools: { include: ["weather"] } });
    const { model } = scriptedModel([
      { calls: [{ id: "c1", name: "weather", input: '{"city":"Braga"}' }] },
      { text: "Sunny." },
    ]);
    const remembering = withMemory(model, chat.options);
    const { providerOptions } = chat;
    const { execute: _execute, ...unapproved } = weatherTool().weather;
    const asked: ModelMessage[] = [{ role: "user", content: "How is the weather?" }];
    await ask(stream, {
      model: remembering,
      messages: asked,
      providerOptions,
      tools: { weather: unapproved as never },
    });
    await ask(stream, {
      model: remembering,
      providerOptions,
      messages: [
        ...asked,
        {
          role: "assistant",
          content: [
            { type: "tool-call", toolCallId: "c1", toolName: "weather", input: { city: "Braga" } },
          ],
        },
        {
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: "c1",
              toolName: "weather",
              output: { type: "text", value: "sunny" },
            },
          ],
        },
      ],
    });
    expect(await chat.stored()).toEqual([
      "user: How is the weather?",
      'assistant: called weather({"city":"Braga"})',
      "tool: sunny",
      "assistant: Sunny.",
    ]);
  });

  test("a user message between steps, as steering adds it, is captured once", async () => {
    const chat = newChat(service);
    const { model } = scriptedModel([
      { calls: [{ id: "c1", name: "weather", input: '{"city":"Braga"}' }] },
      { calls: [{ id: "c2", name: "weather", input: '{"city":"Porto"}' }] },
      { text: "Sunny." },
    ]);
    await ask(stream, {
      model: withMemory(model, chat.options),
      prompt: "How is the weather?",
      providerOptions: chat.providerOptions,
      tools: weatherTool(),
      stopWhen: stepCountIs(3),
      prepareStep: ({ messages, stepNumber }) =>
        stepNumber === 1
          ? { messages: [...messages, { role: "user" as const, content: "Porto too." }] }
          : stepNumber === 2 && !JSON.stringify(messages).includes("Porto too.")
            ? {
                messages: messages.toSpliced(3, 0, {
                  role: "user" as const,
                  content: "Porto too.",
                }),
              }
            : {},
    });
    expect((await chat.stored()).filter((line) => line.startsWith("user:"))).toEqual([
      "user: How is the weather?",
      "user: Porto too.",
    ]);
  });

  test("results of provider-executed tools are stored only where listed", async () => {
    const parts = [
      {
        type: "tool-call",
        toolCallId: "s1",
        toolName: "search",
        input: '{"q":"Braga"}',
        providerExecuted: true,
      },
      { type: "tool-result", toolCallId: "s1", toolName: "search", result: { hits: 3 } },
    ];
    const stored = async (include: string[]): Promise<string[]> => {
      const chat = newChat(service, { tools: { include } });
      const { model } = scriptedModel([
        { parts: parts.map((part) => ({ ...part })), text: "Found." },
      ]);
      await ask(stream, {
        model: withMemory(model, chat.options),
        prompt: "Search for Braga.",
        tools: { search: weatherTool().weather },
        providerOptions: chat.providerOptions,
      });
      return chat.stored();
    };
    expect(await stored([])).toEqual([
      "user: Search for Braga.",
      'assistant: called search({"q":"Braga"})\nFound.',
    ]);
    expect((await stored(["search"])).at(-1)).toBe('tool: {"hits":3}');
  });

  test("our options and stamps never reach the provider", async () => {
    const chat = newChat(service);
    const scripted = scriptedModel([{ text: "ok" }]);
    await ask(stream, {
      model: withMemory(scripted.model, chat.options),
      messages: await convertToModelMessages(
        stampMessageIds([
          { id: "m1", role: "user" as const, parts: [{ type: "text" as const, text: "hi" }] },
        ]),
      ),
      providerOptions: { ...chat.providerOptions, other: { a: 1 } },
    });
    expect(scripted.calls()[0]?.providerOptions).toEqual({ other: { a: 1 } });
    expect(JSON.stringify(scripted.calls())).not.toContain("spectron");
  });

  test("memory sits in the leading system text, behind the application's, and its bytes do not change over the steps", async () => {
    const chat = await knownUser();
    const scripted = scriptedModel([
      { calls: [{ id: "c1", name: "weather", input: "{}" }] },
      { calls: [{ id: "c2", name: "weather", input: "{}" }] },
      { text: "Sunny." },
    ]);
    await ask(stream, {
      model: withMemory(scripted.model, chat.options),
      system: "Be brief.",
      prompt: "How is the weather where I live?",
      tools: weatherTool(),
      stopWhen: stepCountIs(3),
      providerOptions: chat.providerOptions,
    });
    const systems = scripted
      .calls()
      .map(({ prompt }) => prompt.filter(({ role }) => role === "system"));
    expect(systems).toHaveLength(3);
    expect(systems[0]).toHaveLength(1);
    expect(textOf(systems[0]?.[0] ?? { content: "" })).toMatch(
      /^Be brief\.\n\n<spectron-memory>[\s\S]*Braga[\s\S]*<\/spectron-memory>$/,
    );
    expect(systems[1]).toEqual(systems[0]);
    expect(systems[2]).toEqual(systems[0]);
    expect(chat.reads()).toBe(1);
  });

  test("placement last-user leaves the system text alone and keeps its bytes over the steps", async () => {
    const chat = await knownUser({ placement: "last-user" });
    const scripted = scriptedModel([
      { calls: [{ id: "c1", name: "weather", input: "{}" }] },
      { text: "Sunny." },
    ]);
    await ask(stream, {
      model: withMemory(scripted.model, chat.options),
      system: "Be brief.",
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content: "Hello." },
        { role: "user", content: "How is the weather where I live?" },
      ],
      tools: weatherTool(),
      stopWhen: stepCountIs(2),
      providerOptions: chat.providerOptions,
    });
    const [first, second] = scripted.calls();
    expect(first?.prompt.slice(0, 3).map(textOf)).toEqual(["Be brief.", "hi", "Hello."]);
    expect(textOf(first?.prompt[3] ?? { content: "" })).toMatch(
      /^<spectron-memory>[\s\S]*Braga[\s\S]*<\/spectron-memory>How is the weather/,
    );
    expect(second?.prompt.slice(0, 4)).toEqual(first?.prompt);
    expect(await chat.stored()).toContain("user: How is the weather where I live?");
  });

  test("blockOptions give the block a message of its own with the provider's cache breakpoint", async () => {
    const anthropic = { cacheControl: { type: "ephemeral" } };
    const chat = await knownUser({ blockOptions: { anthropic } });
    const scripted = scriptedModel([{ text: "Braga." }]);
    await ask(stream, {
      model: withMemory(scripted.model, chat.options),
      system: "Be brief.",
      prompt: "Where do I live?",
      providerOptions: chat.providerOptions,
    });
    const [system, block] = scripted.calls()[0]?.prompt ?? [];
    expect(system).toMatchObject({ role: "system", content: "Be brief." });
    expect(block).toMatchObject({ role: "system", providerOptions: { anthropic } });
    expect(textOf(block ?? { content: "" })).toContain("<spectron-memory>");
  });

  test("system text with a cache breakpoint of its own keeps its bytes", async () => {
    const chat = await knownUser();
    const scripted = scriptedModel([{ text: "Braga." }]);
    const providerOptions = { anthropic: { cacheControl: { type: "ephemeral" } } };
    await ask(stream, {
      model: withMemory(scripted.model, chat.options),
      ...({ allowSystemInMessages: true } as object),
      messages: [
        { role: "system", content: "Be brief.", providerOptions },
        { role: "user", content: "Where do I live?" },
      ],
      providerOptions: chat.providerOptions,
    });
    const prompt = scripted.calls()[0]?.prompt ?? [];
    expect(prompt[0]).toMatchObject({ role: "system", content: "Be brief.", providerOptions });
    expect(prompt.map(({ role }) => role)).toEqual(["system", "system", "user"]);
  });

  test("waitUntil receives every pending write", async () => {
    const pending: Promise<unknown>[] = [];
    const chat = newChat(service, { waitUntil: (promise) => pending.push(promise) });
    await ask(stream, {
      model: withMemory(scriptedModel([{ text: "Nice city." }]).model, chat.options),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
    });
    expect(pending).toHaveLength(2);
    await Promise.all(pending);
    expect(chat.batches()).toHaveLength(2);
  });

  test("Output.object and opted-out calls are not stored, and an opted-out call needs no binding", async () => {
    const chat = newChat(service);
    const { model } = scriptedModel([
      { text: '{"a":1}' },
      { text: "A title" },
      { text: "A class" },
    ]);
    const remembering = withMemory(model, chat.options);
    const output = Output.object({
      schema: jsonSchema({ type: "object", properties: { a: { type: "number" } } }),
    });
    await ask(stream, {
      model: remembering,
      prompt: "Give me a.",
      providerOptions: chat.providerOptions,
      ...({ output, experimental_output: output } as object),
    });
    const { scope, session } = chat;
    await ask(stream, {
      model: remembering,
      prompt: "Give this chat a title.",
      providerOptions: memoryOptions({ scope, session, store: "never" }),
    });
    await ask(stream, { model: remembering, prompt: "Classify.", providerOptions: withoutMemory });
    await service.spectron.flush();
    expect(chat.batches()).toEqual([]);
    expect(chat.errors).toEqual([]);
    expect(chat.reads()).toBe(2);
  });

  test("a model that is wrapped twice gets one block", async () => {
    const chat = await knownUser();
    const scripted = scriptedModel([{ text: "Braga." }]);
    const once = withMemory(scripted.model, { ...chat.options, store: "never" });
    const { scope, session } = chat;
    await ask(stream, {
      model: withMemory(once, { ...chat.options }),
      prompt: "Where do I live?",
      system: "Be brief.",
      providerOptions: { ...memoryOptions({ scope, session }) },
    });
    expect(scripted.prompts()[0]?.match(/<spectron-memory>/g)).toHaveLength(1);
  });

  test("memory tools act on the bound scope alone, and their failures are text for the model", async () => {
    const chat = newChat(service);
    const other = newChat(service);
    const { scope, session } = chat;
    const scripted = scriptedModel([
      {
        calls: [
          { id: "c1", name: "remember", input: '{"text":"I live in Braga."}' },
          { id: "c2", name: "remember", input: "{}" },
        ],
      },
      { calls: [{ id: "c3", name: "recall", input: '{"query":"Where do I live?"}' }] },
      { text: "In Braga." },
    ]);
    await ask(stream, {
      model: scripted.model,
      prompt: "Remember that I live in Braga.",
      tools: memoryTools({ spectron: service.spectron, scope, session }),
      stopWhen: stepCountIs(3),
    });
    const last = JSON.stringify(scripted.calls().at(-1)?.prompt);
    expect(last).toContain("Remembered.");
    expect(last).toContain("remember needs");
    expect(last).toMatch(/spectron-memory[\s\S]*Braga/);
    const { hits } = await service.spectron.query({ query: "Braga", lens: [[other.scope]] });
    expect(hits).toEqual([]);
  });
});

describe("streams", () => {
  const hanging = (chunk = "Nice "): ReturnType<typeof scriptedModel>["model"] => {
    const { model } = scriptedModel([]);
    const doStream = async ({
      abortSignal,
    }: {
      abortSignal?: AbortSignal;
    }): Promise<{ stream: ReadableStream }> => ({
      stream: new ReadableStream({
        start(controller) {
          controller.enqueue({ type: "text-start", id: "1" });
          controller.enqueue({ type: "text-delta", id: "1", delta: chunk });
          abortSignal?.addEventListener("abort", () => {
            controller.error(abortSignal.reason);
          });
        },
      }),
    });
    return Object.assign(model, { doStream }) as typeof model;
  };

  test("parts are passed on at once: the first token comes while the model and the memory still work", async () => {
    const chat = newChat(service);
    const stuck = createSpectron({
      url: service.service.url,
      apiKey: service.service.apiKey,
      context: service.service.context,
      fetch: async (input, init) => {
        const request = new Request(input, init);
        if (request.url.endsWith("/facts/batch")) return new Promise<Response>(() => undefined);
        return service.service.fetch(request);
      },
    });
    const abort = new AbortController();
    const result = streamText({
      model: withMemory(hanging(), { ...chat.options, spectron: stuck }),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
      abortSignal: abort.signal,
      onError: () => undefined,
    });
    const seen: string[] = [];
    for await (const text of result.textStream) {
      seen.push(text);
      abort.abort();
    }
    expect(seen).toEqual(["Nice "]);
  });

  test("abort keeps the user's message and no partial answer", async () => {
    const chat = newChat(service);
    const abort = new AbortController();
    const result = streamText({
      model: withMemory(hanging(), chat.options),
      prompt: "I live in Braga.",
      abortSignal: abort.signal,
      providerOptions: chat.providerOptions,
      onError: () => undefined,
    });
    for await (const part of result.fullStream) if (part.type === "text-delta") abort.abort();
    expect(await chat.stored()).toEqual(["user: I live in Braga."]);
  });

  test("on request the partial answer of an aborted stream is stored too, marked", async () => {
    const chat = newChat(service, { storeIncomplete: true });
    const abort = new AbortController();
    const result = streamText({
      model: withMemory(hanging("Nice ci"), chat.options),
      prompt: "I live in Braga.",
      abortSignal: abort.signal,
      providerOptions: chat.providerOptions,
      onError: () => undefined,
    });
    for await (const part of result.fullStream) if (part.type === "text-delta") abort.abort();
    expect(await chat.stored()).toEqual([
      "user: I live in Braga.",
      expect.stringMatching(/^assistant: Nice ci\s+\[stopped before the end\]$/),
    ]);
  });

  const long = { text: "word ".repeat(500).trim() };

  test("a reader that leaves early without consuming keeps the user's message alone", async () => {
    const chat = newChat(service);
    const result = streamText({
      model: withMemory(scriptedModel([long]).model, chat.options),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
    });
    for await (const _ of result.textStream) break;
    expect(await chat.stored()).toEqual(["user: I live in Braga."]);
  });

  test("a reader that leaves early while the rest is consumed gets the whole answer stored", async () => {
    const chat = newChat(service);
    const result = streamText({
      model: withMemory(scriptedModel([long]).model, chat.options),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
    });
    const consumed = result.consumeStream();
    for await (const _ of result.textStream) break;
    await consumed;
    expect(await chat.stored()).toEqual(["user: I live in Braga.", `assistant: ${long.text}`]);
  });

  test.each<[string, Step]>([
    ["an error part", { text: "Nice", breaks: "error" }],
    ["no finish part", { text: "Nice", breaks: "silence" }],
  ])("a stream that ends with %s leaves no answer behind", async (_, step) => {
    const chat = newChat(service);
    const result = streamText({
      model: withMemory(scriptedModel([step]).model, chat.options),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
      onError: () => undefined,
    });
    await result.consumeStream();
    expect(await chat.stored()).toEqual(["user: I live in Braga."]);
  });
});

test("withMemory refuses a model id", () => {
  expect(() => withMemory("openai/gpt-5" as never, { spectron: service.spectron })).toThrow(
    expect.objectContaining({ code: "configuration" }),
  );
});
