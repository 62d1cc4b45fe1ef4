import { createOpenAI } from "@ai-sdk/openai";
import { HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { Agent, OpenAIProvider, Runner, tool } from "@openai/agents";
import { generateText, jsonSchema, stepCountIs, streamText, tool as aiTool } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startModelServer } from "./server.ts";
import type { ModelServer } from "./server.ts";

const system = "Be brief.\n<spectron-memory>\n- home_city: Porto\n</spectron-memory>";
const question = "Where do I live?";
const expected = "You live in Porto. (from memory: home_city: Porto)";
const toolQuestion = 'Use the tool weather with {"city":"Porto"}';
const toolAnswer = "The tool weather answered: sunny in Porto";
const modelId = "gpt-5-mini";
const apiKey = "local";

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(async () => {
  await server.close();
});

const apis = [
  { api: "responses", path: "/v1/responses", isResponses: true },
  { api: "chat completions", path: "/v1/chat/completions", isResponses: false },
];

function lastPath(): string | undefined {
  return server.requests().at(-1)?.path;
}

async function collect(stream: AsyncIterable<AIMessageChunk>): Promise<[AIMessageChunk, number]> {
  let whole: AIMessageChunk | undefined;
  let count = 0;
  for await (const chunk of stream) {
    whole = whole ? whole.concat(chunk) : chunk;
    count += 1;
  }
  if (!whole) throw new Error("The stream was empty.");
  return [whole, count];
}

describe.each(apis)("LangChain ChatOpenAI over $api", ({ path, isResponses }) => {
  const chatModel = (): ChatOpenAI =>
    new ChatOpenAI({
      model: modelId,
      apiKey,
      useResponsesApi: isResponses,
      configuration: { baseURL: server.url },
      maxRetries: 0,
    });
  const messages = [new SystemMessage(system), new HumanMessage(question)];
  const weather = {
    type: "function" as const,
    function: {
      name: "weather",
      description: "Weather",
      parameters: { type: "object", properties: { city: { type: "string" } } },
    },
  };

  test("answers from the memory block", async () => {
    const message = await chatModel().invoke(messages);
    expect(message.text).toBe(expected);
    expect(message).toMatchObject({ usage_metadata: { total_tokens: expect.any(Number) } });
    expect(lastPath()).toBe(path);
  });

  test("streams the same answer in pieces", async () => {
    const [message, count] = await collect(await chatModel().stream(messages));
    expect(message.text).toBe(expected);
    expect(count).toBeGreaterThan(5);
    expect(lastPath()).toBe(path);
  });

  test.each(["invoke", "stream"] as const)("makes a tool round trip with %s", async (way) => {
    const model = chatModel().bindTools([weather]);
    const ask = async (input: BaseMessage[]): Promise<AIMessageChunk> =>
      way === "invoke" ? model.invoke(input) : (await collect(await model.stream(input)))[0];
    const asked = new HumanMessage(toolQuestion);
    const first = await ask([asked]);
    expect(first.tool_calls).toMatchObject([{ name: "weather", args: { city: "Porto" } }]);
    const result = new ToolMessage({
      content: "sunny in Porto",
      tool_call_id: first.tool_calls?.[0]?.id ?? "",
    });
    expect((await ask([asked, first, result])).text).toBe(toolAnswer);
    expect(lastPath()).toBe(path);
  });
});

describe.each(apis)("AI SDK openai over $api", ({ path, isResponses }) => {
  const languageModel = () => {
    const openai = createOpenAI({ baseURL: server.url, apiKey });
    return isResponses ? openai(modelId) : openai.chat(modelId);
  };
  const tools = {
    weather: aiTool({
      description: "Weather",
      inputSchema: jsonSchema<{ city: string }>({
        type: "object",
        properties: { city: { type: "string" } },
        required: ["city"],
        additionalProperties: false,
      }),
      execute: ({ city }) => `sunny in ${city}`,
    }),
  };

  test("answers from the memory block", async () => {
    const result = await generateText({
      model: languageModel(),
      instructions: system,
      prompt: question,
    });
    expect(result.text).toBe(expected);
    expect(result.finishReason).toBe("stop");
    expect(result.usage.totalTokens).toBeGreaterThan(0);
    expect(lastPath()).toBe(path);
  });

  test("streams the same answer in pieces", async () => {
    const result = streamText({ model: languageModel(), instructions: system, prompt: question });
    const pieces: string[] = [];
    for await (const piece of result.textStream) pieces.push(piece);
    expect(pieces.join("")).toBe(expected);
    expect(pieces.length).toBeGreaterThan(5);
    expect(await result.finishReason).toBe("stop");
    expect(lastPath()).toBe(path);
  });

  test("makes a tool round trip with generateText", async () => {
    const result = await generateText({
      model: languageModel(),
      prompt: toolQuestion,
      tools,
      stopWhen: stepCountIs(3),
    });
    expect(result.steps).toHaveLength(2);
    expect(result.text).toBe(toolAnswer);
  });

  test("makes a tool round trip with streamText", async () => {
    const result = streamText({
      model: languageModel(),
      prompt: toolQuestion,
      tools,
      stopWhen: stepCountIs(3),
    });
    expect(await result.text).toBe(toolAnswer);
    expect(await result.steps).toHaveLength(2);
  });
});

describe.each(apis)("OpenAI Agents over $api", ({ path, isResponses }) => {
  const createRunner = (): Runner =>
    new Runner({
      tracingDisabled: true,
      modelProvider: new OpenAIProvider({ apiKey, baseURL: server.url, useResponses: isResponses }),
    });
  const weather = tool({
    name: "weather",
    description: "Weather",
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => `sunny in ${city}`,
  });
  const agent = new Agent({
    name: "Assistant",
    instructions: system,
    model: modelId,
    tools: [weather],
  });

  test.each([
    ["answers from the memory block", question, expected, 1],
    ["makes a tool round trip", toolQuestion, toolAnswer, 2],
  ])("%s", async (_name, input, output, calls) => {
    const before = server.requests().length;
    const result = await createRunner().run(agent, input);
    expect(result.finalOutput).toBe(output);
    expect(server.requests().length - before).toBe(calls);
    expect(lastPath()).toBe(path);
  });

  test.each([
    ["streams the same answer in pieces", question, expected],
    ["makes a tool round trip in a stream", toolQuestion, toolAnswer],
  ])("%s", async (_name, input, output) => {
    const result = await createRunner().run(agent, input, { stream: true });
    const pieces: string[] = [];
    for await (const piece of result.toTextStream()) pieces.push(piece);
    await result.completed;
    expect(pieces.join("")).toBe(output);
    expect(pieces.length).toBeGreaterThan(5);
    expect(result.finalOutput).toBe(output);
    expect(lastPath()).toBe(path);
  });
});
