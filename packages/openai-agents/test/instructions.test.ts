import { Agent, Runner, handoff, tool } from "@openai/agents";
import { ScriptedModel, assistantMessage, functionCall } from "@openai/agents/testing";
import {
  memoryGuardrail,
  memoryInputFilter,
  memoryInstructions,
  memoryTools,
  runRecorder,
  withMemoryInstructions,
} from "@spectron/openai-agents";
import { describe, expect, test } from "vitest";
import { openService, runToEnd, user } from "./open-service.ts";
import type { Person } from "./open-service.ts";

const { person, service } = openService();
const runner = new Runner({ tracingDisabled: true });

async function bragaPerson(): Promise<Person> {
  const alice = person();
  await alice.open({ session: "earlier" }).addItems([user("I live in Braga.")]);
  return alice;
}

const recalls = (alice: Person): number =>
  service().requests.filter(
    ({ path, body }) =>
      path.endsWith("/context") && JSON.stringify(body).includes(`"${alice.scope}"`),
  ).length;
const systemOf = (model: ScriptedModel): string[] =>
  model.calls.map(({ request }) => request.systemInstructions ?? "");
const look = tool({
  name: "look",
  description: "Looks.",
  parameters: { type: "object", properties: {}, required: [], additionalProperties: false },
  strict: true,
  execute: () => "seen",
});

describe("one recall a run", () => {
  test("every step of a tool loop sees the same bytes", async () => {
    const alice = await bragaPerson();
    const model = new ScriptedModel([
      [functionCall("look", {}, { callId: "c1" })],
      [assistantMessage("Braga.")],
    ]);
    const agent = withMemoryInstructions(
      new Agent({ name: "A", instructions: "Be brief.", model, tools: [look] }),
      alice,
    );
    await runToEnd(agent, "Where do I live?", { stream: false, session: alice.open() });
    const [first, second] = systemOf(model);
    expect(first).toMatch(/^Be brief\.\n\n<spectron-memory>[\s\S]*home_city: Braga/);
    expect(second).toBe(first);
    expect(recalls(alice)).toBe(1);
  });

  test("also over a handoff, when both agents are wrapped", async () => {
    const alice = await bragaPerson();
    const models = [
      new ScriptedModel([[functionCall("transfer_to_B", {}, { callId: "h1" })]]),
      new ScriptedModel([[assistantMessage("Braga.")]]),
    ] as const;
    const b = withMemoryInstructions(new Agent({ name: "B", model: models[1] }), alice);
    const a = withMemoryInstructions(
      new Agent({ name: "A", model: models[0], handoffs: [handoff(b)] }),
      alice,
    );
    await runToEnd(a, "Where do I live?", { stream: true, session: alice.open() });
    const prompts = models.flatMap(systemOf);
    expect(prompts).toHaveLength(2);
    expect(prompts[0]).toContain("home_city: Braga");
    expect(prompts[1]).toBe(prompts[0]);
    expect(recalls(alice)).toBe(1);
  });

  test("an agent used as a tool asks for its own input, once", async () => {
    const alice = await bragaPerson();
    const inner = new ScriptedModel([[assistantMessage("Braga.")]]);
    const helper = withMemoryInstructions(new Agent({ name: "Helper", model: inner }), alice);
    const outer = new ScriptedModel([
      [functionCall("helper", { input: "Where does the user live?" }, { callId: "c1" })],
      [assistantMessage("Braga.")],
    ]);
    const agent = new Agent({
      name: "A",
      model: outer,
      tools: [helper.asTool({ toolName: "helper", toolDescription: "Helps." })],
    });
    await runToEnd(agent, "Where do I live?", { stream: false });
    expect(systemOf(inner)[0]).toContain("home_city: Braga");
    expect(systemOf(outer).join("")).not.toContain("Braga");
    expect(recalls(alice)).toBe(1);
  });

  test("the next question in the same conversation is asked anew", async () => {
    const alice = await bragaPerson();
    const model = new ScriptedModel([[assistantMessage("Braga.")], [assistantMessage("Yes.")]]);
    const agent = withMemoryInstructions(new Agent({ name: "A", model }), alice);
    const session = alice.open();
    await runToEnd(agent, "Where do I live?", { stream: false, session });
    await runToEnd(agent, "Where do I live?", { stream: false, session });
    expect(recalls(alice)).toBe(2);
  });

  test("whose memory it is comes from the context of the run", async () => {
    const [alice, bob] = [await bragaPerson(), person()];
    const model = new ScriptedModel([[assistantMessage("Braga.")], [assistantMessage("No idea.")]]);
    const agent = withMemoryInstructions(new Agent<unknown>({ name: "A", model }), {
      spectron: alice.spectron,
      scope: (context) => (context as Person).scope,
      session: (context) => (context as Person).session,
    });
    await runner.run(agent, "Where do I live?", { context: alice });
    await runner.run(agent, "Where do I live?", { context: bob });
    expect(systemOf(model)[0]).toContain("Braga");
    expect(systemOf(model)[1]).not.toContain("Braga");
  });

  test("an input filter does the same for every agent of the run, and only to the instructions", async () => {
    const alice = await bragaPerson();
    const model = new ScriptedModel([
      [functionCall("look", {}, { callId: "c1" })],
      [assistantMessage("Braga.")],
    ]);
    const agent = new Agent({ name: "A", instructions: "Be brief.", model, tools: [look] });
    const session = alice.open();
    const filtered = new Runner({
      tracingDisabled: true,
      callModelInputFilter: memoryInputFilter(alice, ({ modelData }) => ({
        ...modelData,
        instructions: `${modelData.instructions} Be kind.`,
      })),
    });
    await filtered.run(agent, "Where do I live?", { session });
    expect(systemOf(model)[0]).toMatch(/^Be brief\. Be kind\.\n\n<spectron-memory>[\s\S]*Braga/);
    expect(systemOf(model)[1]).toBe(systemOf(model)[0]);
    expect(recalls(alice)).toBe(1);
    expect(JSON.stringify(await session.getItems())).not.toContain("spectron-memory");
  });

  test("instructions of an agent that is not wrapped take their question from the application", async () => {
    const alice = await bragaPerson();
    const model = new ScriptedModel([[assistantMessage("Braga.")]]);
    const agent = new Agent({
      name: "A",
      model,
      instructions: memoryInstructions(() => "Be brief.", { ...alice, query: () => "home city" }),
    });
    await runToEnd(agent, "Hi!", { stream: false });
    expect(systemOf(model)[0]).toMatch(/^Be brief\.[\s\S]*home_city: Braga/);
  });
});

test.each([false, true])(
  "history is read first and the turn is stored once, before the agent ends (streaming: %s)",
  async (stream) => {
    const alice = person();
    const order: string[] = [];
    const session = alice.open();
    const watched = new Proxy(session, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property);
        if (property !== "getItems" && property !== "addItems") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          order.push(property);
          return (value as (...args: unknown[]) => Promise<unknown>)(...args);
        };
      },
    });
    const model = new ScriptedModel([
      [functionCall("look", {}, { callId: "c1" })],
      [assistantMessage("Done.")],
    ]);
    const agent = withMemoryInstructions(
      new Agent({
        name: "A",
        model,
        tools: [look],
        instructions: () => {
          order.push("instructions");
          return "";
        },
        inputGuardrails: [
          {
            name: "g",
            runInParallel: false,
            execute: async () => {
              order.push("guardrail");
              return { tripwireTriggered: false, outputInfo: {} };
            },
          },
        ],
      }),
      alice,
    );
    agent.on("agent_end", () => order.push("agent_end"));
    await runToEnd(agent, "Look.", { stream, session: watched });
    expect(order).toEqual([
      "getItems",
      "guardrail",
      "instructions",
      "instructions",
      "addItems",
      "agent_end",
    ]);
  },
);

test("listeners of the agent that was wrapped still hear of its runs", async () => {
  const alice = person();
  const agent = new Agent({ name: "A", model: new ScriptedModel([[assistantMessage("Hi.")]]) });
  const heard: string[] = [];
  agent.on("agent_start", () => heard.push("start"));
  agent.on("agent_end", (_context, output) => heard.push(`end ${output}`));
  await runToEnd(withMemoryInstructions(agent, alice), "Hi!", { stream: false });
  expect(heard).toEqual(["start", "end Hi."]);
});

describe("the guardrail", () => {
  test("a run that is not to be remembered stays in the transcript alone", async () => {
    const alice = person();
    const make = (): Agent =>
      new Agent({
        name: "A",
        model: new ScriptedModel([[assistantMessage("Fine.")]]),
        inputGuardrails: [memoryGuardrail(alice)],
      }) as Agent;
    const secret = "I live in Porto, but do not remember this.";
    const session = alice.open();
    expect((await runToEnd(make(), secret, { stream: false, session })).output).toBe("Fine.");
    await runToEnd(make(), "I live in Braga.", { stream: true, session });
    expect(await alice.remembered()).toEqual(["user: I live in Braga.", "assistant: Fine."]);
    expect(await session.getItems()).toHaveLength(4);
    expect(await alice.facts()).toEqual(["home_city: Braga"]);
  });

  test("what to leave out can be the application's own decision", async () => {
    const alice = person();
    const agent = new Agent({
      name: "A",
      model: new ScriptedModel([[assistantMessage("Fine.")]]),
      inputGuardrails: [
        memoryGuardrail({ ...alice, when: async (text) => text.includes("Braga") }),
      ],
    });
    await runToEnd(agent, "I live in Braga.", { stream: false, session: alice.open() });
    expect(await alice.remembered()).toEqual([]);
  });
});

test("the memory tools act on the person of the run, and wait for approval where asked to", async () => {
  const alice = person();
  const model = new ScriptedModel([
    [functionCall("remember", { text: "I live in Braga." }, { callId: "c1" })],
    [functionCall("recall", { query: "Where do I live?" }, { callId: "c2" })],
    [functionCall("forget", { query: "home city" }, { callId: "c3" })],
  ]);
  const agent = new Agent({
    name: "A",
    model,
    tools: memoryTools({ ...alice, needsApproval: ["forget"] }),
  });
  const result = await runner.run(agent, "Remember where I live.", { session: alice.open() });
  expect(result.interruptions.map(({ name }) => name)).toEqual(["forget"]);
  const outputs = result.newItems
    .filter(({ type }) => type === "tool_call_output_item")
    .map((item) => JSON.stringify(item.rawItem));
  expect(outputs[0]).toContain("Remembered.");
  expect(outputs[1]).toContain("Braga");
  expect(memoryTools({ ...alice, only: ["recall"] }).map(({ name }) => name)).toEqual(["recall"]);
});

test("a conversation that the provider keeps is stored from the result of the run, once", async () => {
  const alice = person();
  const { spectron, scope, session } = alice;
  const record = runRecorder({ spectron, scope, session, tools: { include: ["look"] } });
  const model = new ScriptedModel([
    [functionCall("look", {}, { callId: "c1" })],
    [assistantMessage("Nice city.", { id: "msg_1" })],
  ]);
  const agent = new Agent({ name: "A", model, tools: [look] });
  const result = await runner.run(agent, "I live in Braga.", { conversationId: "conv_1" });
  await record(result);
  await record(result);
  expect(await alice.remembered()).toEqual([
    "user: I live in Braga.",
    "assistant: called look({})",
    "tool: seen",
    "assistant: Nice city.",
  ]);
});
