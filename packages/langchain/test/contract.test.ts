import { AIMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { MemorySaver } from "@langchain/langgraph";
import { memoryMiddleware } from "@spectron/langchain";
import { describeAdapterContract, startTestService } from "@spectron/testing";
import { createAgent, tool } from "langchain";
import { expect, test } from "vitest";

describeAdapterContract("LangChain middleware", ({ spectron, scope, session, stream, onError }) => {
  const model = fakeModel();
  const agent = createAgent({
    model,
    tools: [],
    systemPrompt: "Be brief.",
    middleware: [memoryMiddleware({ spectron, scope, session, onError })],
  });
  return {
    async ask(text, answer) {
      model.respond(new AIMessage({ content: answer, id: `run-${text.length}` }));
      const input = { messages: [{ role: "user", content: text }] };
      if (!stream) return (await agent.invoke(input)).messages.at(-1)?.text ?? "";
      let last = "";
      for await (const state of await agent.stream(input, { streamMode: "values" }))
        last = state.messages.at(-1)?.text ?? "";
      return last;
    },
    prompts: () =>
      model.calls.map((call) => call.messages.map((message) => message.text).join("\n")),
  };
});

test("with a checkpointer a second turn sends only what is new, and a tool loop each message once", async () => {
  const service = await startTestService();
  const weather = tool(async () => "sunny", {
    name: "weather",
    description: "weather",
    schema: { type: "object", properties: { city: { type: "string" } } },
  });
  const model = fakeModel()
    .respond(
      new AIMessage({
        content: "",
        id: "a1",
        tool_calls: [{ id: "c1", name: "weather", args: { city: "Braga" } }],
      }),
    )
    .respond(new AIMessage({ content: "Sunny.", id: "a2" }))
    .respond(new AIMessage({ content: "Bye.", id: "a3" }));
  const agent = createAgent({
    model,
    tools: [weather],
    checkpointer: new MemorySaver(),
    middleware: [memoryMiddleware({ spectron: service.spectron, scope: "u/a" })],
  });
  const config = { configurable: { thread_id: "t1" } };
  await agent.invoke({ messages: [{ role: "user", content: "How is the weather?" }] }, config);
  await agent.invoke({ messages: [{ role: "user", content: "Thanks" }] }, config);
  await service.spectron.flush();
  expect(await service.stored()).toEqual([
    "user: How is the weather?",
    'assistant: called weather({"city":"Braga"})',
    "assistant: Sunny.",
    "user: Thanks",
    "assistant: Bye.",
  ]);
  await service.stop();
});

test("a model error keeps the user's message", async () => {
  const service = await startTestService();
  const agent = createAgent({
    model: fakeModel().respond(new Error("no model")),
    tools: [],
    middleware: [memoryMiddleware({ spectron: service.spectron, scope: "u/a", session: "s" })],
  });
  await expect(
    agent.invoke({ messages: [{ role: "user", content: "I live in Braga." }] }),
  ).rejects.toThrow();
  await service.spectron.flush();
  expect(await service.stored()).toEqual(["user: I live in Braga."]);
  await service.stop();
});
