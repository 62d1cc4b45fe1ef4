import { Agent, RunState, Runner, tool } from "@openai/agents";
import type { AgentInputItem, Session } from "@openai/agents";
import { ScriptedModel, assistantMessage, functionCall } from "@openai/agents/testing";
import type { ScriptedModelInput } from "@openai/agents/testing";
import { createSpectron } from "@spectron/core";
import { withMemoryInstructions } from "@spectron/openai-agents";
import { describe, expect, inject, test } from "vitest";
import { openService } from "./open-service.ts";
import type { Person } from "./open-service.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The older version of the SDK that these tests run on; absent on the newest. */
    sdk?: string;
  }
}

const { person } = openService();
const IS_0_15 = inject("sdk") === "0.15";
const runner = new Runner({ tracingDisabled: true });
const SAID = "I live in Braga. Refund my order.";
const HEARD = [`user: ${SAID}`, 'assistant: called refund({"order":"7"})'];

interface Desk {
  agent: Agent;
  refunded: string[];
}

/** A desk whose refunds need a person's approval; made anew, it stands for a new process. */
function desk(alice: Person, steps: ScriptedModelInput[], wrapped = true): Desk {
  const refunded: string[] = [];
  const refund = tool({
    name: "refund",
    description: "Refunds an order.",
    parameters: {
      type: "object",
      properties: { order: { type: "string" } },
      required: ["order"],
      additionalProperties: false,
    },
    strict: true,
    needsApproval: true,
    execute: async (input) => {
      refunded.push((input as { order: string }).order);
      return "refunded";
    },
  });
  const agent = new Agent({
    name: "Desk",
    model: new ScriptedModel(steps),
    tools: [refund],
  }) as Agent;
  return { agent: wrapped ? withMemoryInstructions(agent, alice) : agent, refunded };
}

const asks = [functionCall("refund", { order: "7" }, { callId: "c1" })];
const done = [assistantMessage("Done.")];
const options = { tools: { include: ["refund"] } };

/** Runs until the approval is asked for; the state as text is what survives a process. */
async function interrupt(alice: Person, stream: boolean): Promise<string> {
  const { agent } = desk(alice, [asks]);
  const session = alice.open(options);
  if (!stream) return (await runner.run(agent, SAID, { session })).state.toString();
  const result = await runner.run(agent, SAID, { session, stream: true });
  await result.completed;
  return result.state.toString();
}

async function resume(
  alice: Person,
  text: string,
  setup: { stream: boolean; approve: boolean; session?: Session; steps?: ScriptedModelInput[] },
): Promise<Desk & { state: RunState<undefined, Agent>; error?: unknown }> {
  const { agent, refunded } = desk(alice, setup.steps ?? [done]);
  const state = (await RunState.fromString(agent, text)) as RunState<undefined, Agent>;
  for (const interruption of state.getInterruptions())
    if (setup.approve) state.approve(interruption);
    else state.reject(interruption);
  const session = setup.session ?? alice.open(options);
  try {
    if (setup.stream) {
      const result = await runner.run(agent, state, { session, stream: true });
      await result.completed;
    } else await runner.run(agent, state, { session });
    return { agent, refunded, state };
  } catch (error) {
    return { agent, refunded, state, error };
  }
}

const types = (items: AgentInputItem[]): string[] =>
  items.map((item) => (item as { role?: string }).role ?? item.type ?? "");

describe.each([
  ["without streaming", false],
  ["streaming", true],
])("%s", (_, stream) => {
  test("an approval in another process continues the conversation, and each item is heard once", async () => {
    const alice = person();
    const text = await interrupt(alice, stream);
    expect(types(await alice.open().getItems())).toEqual(["user", "function_call"]);
    const { refunded, error } = await resume(alice, text, { stream, approve: true });
    expect(error).toBeUndefined();
    expect(refunded).toEqual(["7"]);
    expect(types(await alice.open().getItems())).toEqual([
      "user",
      "function_call",
      "function_call_result",
      "assistant",
    ]);
    expect(await alice.remembered()).toEqual([...HEARD, "tool: refunded", "assistant: Done."]);
  });

  test("a rejection is heard as what the tool answered, and nothing is refunded", async () => {
    const alice = person();
    const text = await interrupt(alice, stream);
    const { refunded } = await resume(alice, text, { stream, approve: false });
    expect(refunded).toEqual([]);
    const heard = await alice.remembered();
    expect(heard.slice(0, 2)).toEqual(HEARD);
    expect(heard.at(-1)).toBe("assistant: Done.");
    expect(heard).toHaveLength(4);
  });

  test("the same snapshot resumed twice is one result for memory, whatever the transcript holds", async () => {
    const alice = person();
    const text = await interrupt(alice, stream);
    await resume(alice, text, { stream, approve: true });
    await resume(alice, text, { stream, approve: true });
    const heard = await alice.remembered();
    expect(heard.filter((line) => line.startsWith("tool: "))).toEqual(["tool: refunded"]);
    expect(heard.filter((line) => line.includes("called refund"))).toHaveLength(1);
  });

  test("a resumed run in another process knows what memory knows", async () => {
    const alice = person();
    const text = await interrupt(alice, stream);
    const { agent } = await resume(alice, text, { stream, approve: true });
    const prompts = (agent.model as ScriptedModel).calls.map(
      ({ request }) => request.systemInstructions,
    );
    expect(prompts.join("\n")).toContain("home_city: Braga");
  });

  test("a resumed run goes on without memory when the service is away", async () => {
    const alice = person();
    const text = await interrupt(alice, stream);
    const spectron = createSpectron({
      url: "http://127.0.0.1:9",
      context: "dev",
      retries: 0,
      fetch: async () => {
        throw new TypeError("fetch failed");
      },
    });
    const { agent, refunded, error } = await resume({ ...alice, spectron }, text, {
      stream,
      approve: true,
    });
    expect(error).toBeUndefined();
    expect(refunded).toEqual(["7"]);
    const [call] = (agent.model as ScriptedModel).calls;
    expect(call?.request.systemInstructions ?? "").not.toContain("Braga");
    expect(alice.errors).toContain("recall: connection");
  });

  // 0.15 refuses to read back a state whose tool ran with a session ("cannot be resumed safely")
  test.skipIf(IS_0_15)(
    "a result that was stored before the error is found again, so the tool does not run twice",
    async () => {
      const alice = person();
      const text = await interrupt(alice, stream);
      const session = alice.open({ ...options, failureMode: "throw" });
      const failing: Session = new Proxy(session, {
        get: (target, property) =>
          property === "addItems"
            ? async (...args: Parameters<typeof session.addItems>): Promise<void> => {
                await target.addItems(...args);
                throw new Error("the answer got lost");
              }
            : (Reflect.get(target, property) as unknown),
      });
      const first = await resume(alice, text, { stream, approve: true, session: failing });
      expect(first.error).toBeInstanceOf(Error);
      expect(first.refunded).toEqual(["7"]);
      const later = await resume(alice, first.state.toString(), { stream, approve: true });
      expect(later.error).toBeUndefined();
      expect(later.refunded).toEqual([]);
      expect(types(await alice.open().getItems())).toEqual([
        "user",
        "function_call",
        "function_call_result",
        "assistant",
      ]);
    },
  );
});
