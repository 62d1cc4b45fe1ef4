import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { withMemory } from "@spectron/ai-sdk";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { stepCountIs } from "ai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ask, modes, newChat, weatherTool } from "./chats.ts";

interface ChatRequest {
  stream?: boolean;
  messages: { role: string; content: unknown }[];
}
type Answer = { text: string } | { call: { name: string; args: string } } | { status: number };

let service: TestService;
let server: Server;
let script: Answer[] = [];
let received: ChatRequest[] = [];
beforeAll(async () => {
  service = await startTestService();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as ChatRequest;
      received.push(body);
      const { status, type, text } = wire(script.shift() ?? { status: 500 }, body.stream === true);
      response.writeHead(status, { "content-type": type }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  server.close();
  await service.stop();
});
beforeEach(() => {
  script = [];
  received = [];
});

/** A chat completion as OpenAI-compatible servers send it, whole or as events. */
function wire(answer: Answer, stream: boolean): { status: number; type: string; text: string } {
  if ("status" in answer)
    return { status: answer.status, type: "application/json", text: '{"error":{"message":"no"}}' };
  const base = { id: `chatcmpl-${received.length}`, created: 0, model: "local" };
  const message =
    "text" in answer
      ? { role: "assistant", content: answer.text }
      : {
          role: "assistant",
          content: null,
          tool_calls: [
            {
              index: 0,
              id: "c1",
              type: "function",
              function: { name: answer.call.name, arguments: answer.call.args },
            },
          ],
        };
  const reason = "text" in answer ? "stop" : "tool_calls";
  if (!stream)
    return {
      status: 200,
      type: "application/json",
      text: JSON.stringify({ ...base, choices: [{ index: 0, message, finish_reason: reason }] }),
    };
  const events = [
    { ...base, choices: [{ index: 0, delta: message, finish_reason: null }] },
    { ...base, choices: [{ index: 0, delta: {}, finish_reason: reason }] },
  ];
  const lines = [...events.map((event) => JSON.stringify(event)), "[DONE]"];
  return {
    status: 200,
    type: "text/event-stream",
    text: lines.map((line) => `data: ${line}\n\n`).join(""),
  };
}

describe.each(modes)("the real OpenAI-compatible provider over HTTP, %s", (_, stream) => {
  const provider = (): ReturnType<typeof createOpenAICompatible> =>
    createOpenAICompatible({
      name: "local",
      baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    });

  test("a tool turn is stored once, and neither our options nor our stamps are on the wire", async () => {
    const chat = newChat(service, { tools: { include: ["weather"] } });
    await service.spectron.facts.add({ text: "I live in Braga.", scopes: [[chat.scope]] });
    script = [{ call: { name: "weather", args: '{"city":"Braga"}' } }, { text: "Sunny." }];
    const answer = await ask(stream, {
      model: withMemory(provider()("local"), chat.options),
      system: "Be brief.",
      prompt: "How is the weather where I live?",
      tools: weatherTool(),
      stopWhen: stepCountIs(2),
      providerOptions: chat.providerOptions,
    });
    expect(answer).toBe("Sunny.");
    expect(await chat.stored()).toEqual([
      "user: How is the weather where I live?",
      'assistant: called weather({"city":"Braga"})',
      "tool: sunny",
      "assistant: Sunny.",
    ]);
    expect(received).toHaveLength(2);
    for (const { messages } of received) {
      expect(messages.map(({ role }) => role).slice(0, 2)).toEqual(["system", "user"]);
      expect(messages[0]?.content).toMatch(/^Be brief\.\n\n<spectron-memory>[\s\S]*Braga/);
    }
    expect(received[1]?.messages[0]).toEqual(received[0]?.messages[0]);
    expect(JSON.stringify(received)).not.toContain(chat.session);
  });

  test("a busy provider is asked again by the SDK, and the turn is stored once", async () => {
    const chat = newChat(service);
    script = [{ status: 503 }, { text: "Nice city." }];
    await ask(stream, {
      model: withMemory(provider()("local"), chat.options),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
    });
    expect(received).toHaveLength(2);
    expect(await chat.stored()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
    expect(chat.reads()).toBe(1);
  });
});
