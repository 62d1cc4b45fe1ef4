import { Agent, OpenAIProvider, Runner, tool } from "@openai/agents";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startModelServer } from "../../../examples/quickstart/src/model-server/server.ts";
import type { ModelServer } from "../../../examples/quickstart/src/model-server/server.ts";
import { memorySession, withMemoryInstructions } from "@spectron/openai-agents";
import type { Spectron } from "@spectron/core";
import { startTestService } from "@spectron/testing";
import { openService } from "./open-service.ts";
import type { Person } from "./open-service.ts";

const { person } = openService();

type Asking = Pick<Person, "spectron" | "scope" | "session" | "onError" | "open">;

function personOf(spectron: Spectron): Asking {
  const memory = { spectron, scope: "org/acme/user/alice", session: "thread" };
  const onError = (error: Error): void => {
    throw error;
  };
  return {
    ...memory,
    onError,
    open: (changes) => memorySession({ ...memory, onError, ...changes }),
  };
}
let models: ModelServer;
beforeAll(async () => {
  models = await startModelServer();
});
afterAll(async () => {
  await models.close();
});

const weather = tool({
  name: "weather",
  description: "Tells the weather.",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: true,
  execute: () => "sunny in Porto",
});

interface Way {
  useResponses: boolean;
  stream: boolean;
}

async function ask(alice: Asking, text: string, way: Way & { thread?: string }): Promise<string> {
  const runner = new Runner({
    tracingDisabled: true,
    modelProvider: new OpenAIProvider({
      apiKey: "local",
      baseURL: models.url,
      useResponses: way.useResponses,
    }),
  });
  const session = way.thread ?? alice.session;
  const { spectron, scope, onError } = alice;
  const agent = withMemoryInstructions(
    new Agent({ name: "A", instructions: "Be brief.", model: "gpt-5-mini", tools: [weather] }),
    { spectron, scope, session, onError },
  );
  const options = { session: alice.open({ session, tools: { include: ["weather"] } }) };
  if (!way.stream) return (await runner.run(agent, text, options)).finalOutput ?? "";
  const result = await runner.run(agent, text, { ...options, stream: true });
  await result.completed;
  return result.finalOutput ?? "";
}

const ways = [true, false].flatMap((useResponses) =>
  [false, true].map((stream) => ({
    useResponses,
    stream,
    title: `${useResponses ? "Responses" : "Chat Completions"} ${stream ? "streaming" : "without streaming"}`,
  })),
);

describe.each(ways)("over $title", (way) => {
  test("a conversation with a tool is stored once and answered from in the next one", async () => {
    const alice = person();
    await ask(alice, "I live in Porto.", way);
    const answer = await ask(alice, 'Use the tool weather with {"city":"Porto"}', way);
    expect(answer).toContain("sunny in Porto");
    const heard = await alice.remembered();
    expect(heard.filter((line) => line.startsWith("tool: "))).toEqual(["tool: sunny in Porto"]);
    expect(heard.filter((line) => line.startsWith("user: "))).toHaveLength(2);
    expect(heard.filter((line) => line.includes("called weather"))).toHaveLength(1);
    expect(
      await ask(alice, "Where do I live?", { ...way, thread: `${alice.session}-later` }),
    ).toMatch(/^You live in Porto\. \(from memory/);
    expect(alice.errors).toEqual([]);
  });

  test("the stored items are what the provider takes back", async () => {
    const alice = person();
    await ask(alice, 'Use the tool weather with {"city":"Porto"}', way);
    await ask(alice, "Thank you.", way);
    const items = await alice.open().getItems();
    expect(items.map((item) => item.type)).toEqual([
      "message",
      "function_call",
      "function_call_result",
      "message",
      "message",
      "message",
    ]);
  });
});

test.each([true, false])(
  "streamed and not, equal conversations have equal keys and words (Responses: %s)",
  async (useResponses) => {
    const seen: unknown[] = [];
    for (const stream of [false, true]) {
      const own = await startTestService();
      const alice = personOf(own.spectron);
      await ask(alice, "I live in Porto.", { useResponses, stream });
      await ask(alice, 'Use the tool weather with {"city":"Porto"}', { useResponses, stream });
      seen.push(
        own
          .batches()
          .map(({ key, body }) => [
            key,
            body.messages.map(({ role, content }) => `${role}: ${content}`),
          ]),
      );
      await own.stop();
    }
    expect(seen[0]).toEqual(seen[1]);
  },
);
