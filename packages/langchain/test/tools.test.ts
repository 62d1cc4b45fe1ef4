import { AIMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { memoryTools } from "@spectron/langchain/tools";
import { createAgent } from "langchain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { startHarness } from "./harness.ts";
import type { Harness } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  await harness.stop();
});

const call = (name: string, args: Record<string, string>, id: string): AIMessage =>
  new AIMessage({ content: "", id: `a-${id}`, tool_calls: [{ id, name, args }] });

async function run(scope: string, ...calls: AIMessage[]): Promise<string[]> {
  const model = fakeModel();
  for (const message of calls) model.respond(message);
  model.respond(new AIMessage("Done."));
  const agent = createAgent({
    model,
    tools: memoryTools({
      spectron: harness.spectron,
      scope: (runtime) => runtime.context?.userScope as string,
    }),
    contextSchema: z.object({ userScope: z.string().optional() }),
  });
  const state = await agent.invoke(
    { messages: [{ role: "user", content: "go" }] },
    { configurable: { thread_id: "t" }, context: { userScope: scope } },
  );
  return (state.messages as BaseMessage[])
    .filter((message) => message.getType() === "tool")
    .map((message) => message.text);
}

test("an agent remembers, recalls and forgets for the user of the run", async () => {
  const scope = harness.newScope();
  const [remembered, recalled] = await run(
    scope,
    call("remember", { text: "I live in Braga." }, "c1"),
    call("recall", { query: "Where do I live?" }, "c2"),
  );
  expect(remembered).toBe("Remembered.");
  expect(recalled).toMatch(/<spectron-memory>[\s\S]*Braga/);
  expect((await run(harness.newScope(), call("recall", { query: "Braga" }, "c3")))[0]).toBe(
    "Nothing is remembered about that.",
  );
  expect((await run(scope, call("forget", { query: "Braga" }, "c4")))[0]).toMatch(/^Forgotten: /);
});

test("a call that is made again with the same id remembers once", async () => {
  const scope = harness.newScope();
  const message = call("remember", { text: "I live in Braga." }, "same");
  await run(scope, message);
  await run(scope, message);
  expect(await harness.stored(scope)).toHaveLength(1);
});

test("the model cannot choose whose memory, and a missing argument is answered, not thrown", async () => {
  const [first] = memoryTools({ spectron: harness.spectron, scope: "u/a" });
  expect(JSON.stringify(first?.schema)).not.toContain("scope");
  const [answer] = await run(harness.newScope(), call("remember", { wrong: "x" }, "c1"));
  expect(answer).toContain("text");
});

test("an application hands out only the tools it wants", () => {
  const tools = memoryTools({ spectron: harness.spectron, scope: "u/a", include: ["recall"] });
  expect(tools.map((item) => item.name)).toEqual(["recall"]);
});
