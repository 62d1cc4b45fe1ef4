import { Agent, MemorySession as SdkMemorySession, Runner, handoff, tool } from "@openai/agents";
import type { AgentInputItem, Session } from "@openai/agents";
import {
  ScriptedModel,
  assistantMessage,
  functionCall,
  modelError,
  modelStreamResponder,
} from "@openai/agents/testing";
import { withMemoryInstructions } from "@spectron/openai-agents";
import { describe, expect, test } from "vitest";
import { openService, runToEnd } from "./open-service.ts";

const { person } = openService();

interface Run {
  session: Session;
  stream: boolean;
  wrap: (agent: Agent) => Agent;
}
interface Case {
  title: string;
  run: (run: Run) => Promise<unknown>;
  /** What memory heard, without streaming and with. */
  heard: [string[], string[]];
  only?: "stream";
}

const SAID = "I live in Braga.";
const lookup = (execute: () => Promise<string> | string = () => "found"): ReturnType<typeof tool> =>
  tool({
    name: "lookup",
    description: "Looks something up.",
    parameters: { type: "object", properties: {}, required: [], additionalProperties: false },
    strict: true,
    execute,
  });
const calls = (id = "c1"): AgentInputItem[] => [
  functionCall("lookup", {}, { callId: id }) as AgentInputItem,
];
const trips = { name: "trips", execute: async () => ({ tripwireTriggered: true, outputInfo: {} }) };

/** An agent over a script. */
const scripted = (
  steps: ConstructorParameters<typeof ScriptedModel>[0],
  more: Partial<ConstructorParameters<typeof Agent>[0]> = {},
): Agent =>
  new Agent({
    name: "Assistant",
    instructions: "Be brief.",
    model: new ScriptedModel(steps),
    tools: [lookup()],
    ...more,
  } as ConstructorParameters<typeof Agent>[0]) as Agent;

const CASES: Case[] = [
  {
    title: "an answer",
    run: async ({ session, stream, wrap }) =>
      runToEnd(wrap(scripted([[assistantMessage("Nice.")]])), SAID, { session, stream }),
    heard: [
      [`user: ${SAID}`, "assistant: Nice."],
      [`user: ${SAID}`, "assistant: Nice."],
    ],
  },
  {
    title: "an answer after a tool",
    run: async ({ session, stream, wrap }) =>
      runToEnd(wrap(scripted([calls(), [assistantMessage("Nice.")]] as never)), SAID, {
        session,
        stream,
      }),
    heard: [
      [`user: ${SAID}`, "assistant: called lookup({})", "assistant: Nice."],
      [`user: ${SAID}`, "assistant: called lookup({})", "assistant: Nice."],
    ],
  },
  {
    title: "an error of the first model call",
    run: async ({ session, stream, wrap }) =>
      runToEnd(wrap(scripted([modelError(new Error("down"))])), SAID, { session, stream }),
    heard: [[], [`user: ${SAID}`]],
  },
  {
    title: "an error of a later model call",
    run: async ({ session, stream, wrap }) =>
      runToEnd(wrap(scripted([calls(), modelError(new Error("down"))] as never)), SAID, {
        session,
        stream,
      }),
    heard: [[], [`user: ${SAID}`]],
  },
  {
    title: "too many turns",
    run: async ({ session, stream, wrap }) =>
      runToEnd(wrap(scripted([calls("c1"), calls("c2")] as never)), SAID, {
        session,
        stream,
        maxTurns: 1,
      }),
    heard: [[], [`user: ${SAID}`]],
  },
  {
    title: "an input guardrail that trips",
    run: async ({ session, stream, wrap }) =>
      runToEnd(
        wrap(
          scripted([[assistantMessage("Nice.")]], {
            inputGuardrails: [{ ...trips, runInParallel: false }],
          }),
        ),
        SAID,
        { session, stream },
      ),
    heard: [[], []],
  },
  {
    title: "an output guardrail that trips",
    run: async ({ session, stream, wrap }) =>
      runToEnd(wrap(scripted([[assistantMessage("Nice.")]], { outputGuardrails: [trips] })), SAID, {
        session,
        stream,
      }),
    heard: [[`user: ${SAID}`], [`user: ${SAID}`]],
  },
  {
    title: "an output guardrail that trips after a tool",
    run: async ({ session, stream, wrap }) =>
      runToEnd(
        wrap(
          scripted([calls(), [assistantMessage("Nice.")]] as never, { outputGuardrails: [trips] }),
        ),
        SAID,
        { session, stream },
      ),
    heard: [
      [`user: ${SAID}`, "assistant: called lookup({})"],
      [`user: ${SAID}`, "assistant: called lookup({})"],
    ],
  },
  {
    title: "an abort before the model",
    run: async ({ session, stream, wrap }) =>
      runToEnd(wrap(scripted([[assistantMessage("Nice.")]])), SAID, {
        session,
        stream,
        signal: AbortSignal.abort(),
      }),
    heard: [[], [`user: ${SAID}`]],
  },
  {
    title: "an abort during a tool",
    run: async ({ session, stream, wrap }) => {
      const controller = new AbortController();
      const agent = scripted([calls(), [assistantMessage("Nice.")]] as never, {
        tools: [
          lookup(() => {
            controller.abort();
            return "found";
          }),
        ],
      });
      return runToEnd(wrap(agent), SAID, { session, stream, signal: controller.signal });
    },
    heard: [[`user: ${SAID}`, "assistant: called lookup({})"], [`user: ${SAID}`]],
  },
  {
    title: "an abort in the middle of the text",
    only: "stream",
    run: async ({ session, stream, wrap }) => {
      const controller = new AbortController();
      const agent = scripted([
        modelStreamResponder(async function* () {
          yield { type: "response_started" };
          yield { type: "output_text_delta", delta: "Ni" };
          controller.abort();
          yield { type: "output_text_delta", delta: "ce." };
        } as never),
      ]);
      return runToEnd(wrap(agent), SAID, { session, stream, signal: controller.signal });
    },
    heard: [[], [`user: ${SAID}`]],
  },
  {
    title: "a stream that breaks in the middle of the text",
    only: "stream",
    run: async ({ session, stream, wrap }) => {
      const agent = scripted([
        modelStreamResponder(async function* () {
          yield { type: "response_started" };
          yield { type: "output_text_delta", delta: "Ni" };
          throw new Error("broken");
        } as never),
      ]);
      return runToEnd(wrap(agent), SAID, { session, stream });
    },
    heard: [[], [`user: ${SAID}`]],
  },
  {
    title: "a reader who leaves in the middle of the text",
    only: "stream",
    run: async ({ session, wrap }) => {
      const agent = scripted([
        modelStreamResponder(async function* () {
          yield { type: "response_started" };
          yield { type: "output_text_delta", delta: "Ni" };
          yield { type: "output_text_delta", delta: "ce." };
        } as never),
      ]);
      const runner = new Runner({ tracingDisabled: true });
      const result = await runner.run(wrap(agent), SAID, { session, stream: true });
      for await (const event of result) if (event.type === "raw_model_stream_event") break;
      await result.completed;
    },
    heard: [[], [`user: ${SAID}`]],
  },
  {
    title: "too many turns with a handler that answers",
    run: async ({ session, stream, wrap }) =>
      runToEnd(wrap(scripted([calls("c1"), calls("c2")] as never)), SAID, {
        session,
        stream,
        maxTurns: 1,
        errorHandlers: {
          maxTurns: () => ({ finalOutput: "Sorry.", includeInHistory: true }),
        },
      }),
    heard: [
      [`user: ${SAID}`, "assistant: called lookup({})", "assistant: Sorry."],
      [`user: ${SAID}`, "assistant: called lookup({})", "assistant: Sorry."],
    ],
  },
  {
    title: "a handoff",
    run: async ({ session, stream, wrap }) => {
      const expert = wrap(scripted([[assistantMessage("Nice.")]], { name: "Expert" }));
      const triage = scripted([[functionCall("transfer_to_Expert", {}, { callId: "h1" })]], {
        handoffs: [handoff(expert)],
      });
      return runToEnd(wrap(triage), SAID, { session, stream });
    },
    heard: [
      [`user: ${SAID}`, "assistant: Nice."],
      [`user: ${SAID}`, "assistant: Nice."],
    ],
  },
  {
    title: "a handoff whose filter removes the tools",
    run: async ({ session, stream, wrap }) => {
      const expert = wrap(scripted([[assistantMessage("Nice.")]], { name: "Expert" }));
      const triage = scripted(
        [calls(), [functionCall("transfer_to_Expert", {}, { callId: "h1" })]] as never,
        {
          handoffs: [
            handoff(expert, {
              inputFilter: (data) => ({ ...data, preHandoffItems: [], newItems: [] }),
            }),
          ],
        },
      );
      return runToEnd(wrap(triage), SAID, { session, stream });
    },
    heard: [
      [`user: ${SAID}`, "assistant: Nice."],
      [`user: ${SAID}`, "assistant: Nice."],
    ],
  },
  {
    title: "a conversation that the provider keeps",
    run: async ({ session, stream, wrap }) =>
      runToEnd(wrap(scripted([[assistantMessage("Nice.")]])), SAID, {
        session,
        stream,
        conversationId: "conv_1",
      }),
    heard: [[], []],
  },
  {
    title: "the same input again after a failed run",
    run: async ({ session, stream, wrap }) => {
      await runToEnd(wrap(scripted([modelError(new Error("down"))])), SAID, { session, stream });
      return runToEnd(wrap(scripted([[assistantMessage("Nice.")]])), SAID, { session, stream });
    },
    heard: [
      [`user: ${SAID}`, "assistant: Nice."],
      [`user: ${SAID}`, "assistant: Nice."],
    ],
  },
];

describe.each([
  ["without streaming", false],
  ["streaming", true],
])("%s, the session holds what the SDK's own would hold after", (_, stream) => {
  test.each(CASES.filter(({ only }) => stream || only === undefined))(
    "$title",
    async ({ run, heard }) => {
      const theirs = new SdkMemorySession();
      await run({ session: theirs, stream, wrap: (agent) => agent });
      const wanted = JSON.stringify(await theirs.getItems());

      const alice = person();
      await run({ session: alice.open(), stream, wrap: (agent) => agent });
      expect(JSON.stringify(await alice.open().getItems())).toBe(wanted);
      expect(await alice.remembered()).toEqual(heard[stream ? 1 : 0]);

      // someone of whom memory knows something: the session holds the same bytes
      const bob = person();
      await bob
        .open({ session: "earlier" })
        .addItems([{ type: "message", role: "user", content: "My name is Bob. I live in Porto." }]);
      const { spectron, scope, session } = bob;
      const wrap: Run["wrap"] = (agent) =>
        withMemoryInstructions(agent, { spectron, scope, session });
      await run({ session: bob.open(), stream, wrap });
      expect(JSON.stringify(await bob.open().getItems())).toBe(wanted);
      expect(JSON.stringify(await bob.remembered())).not.toContain("spectron-memory");
      expect([...alice.errors, ...bob.errors]).toEqual([]);
    },
  );
});
