import { Agent, MemorySession, Runner } from "@openai/agents";
import type { Session } from "@openai/agents";
import { ScriptedModel, assistantMessage } from "@openai/agents/testing";
import { memoryInputFilter, memorySession, withMemoryInstructions } from "@spectron/openai-agents";
import { describeAdapterContract } from "@spectron/testing";
import type { AdapterApp, AppBinding } from "@spectron/testing";

/** A support agent with one session an application, as `makeSession` builds it. */
function createApp(
  { spectron, scope, session, stream, onError }: AppBinding,
  setup: { transcript?: () => Session; filter?: boolean },
): AdapterApp {
  const prompts: string[] = [];
  const memory = { spectron, scope, session, onError };
  const runner = new Runner({
    tracingDisabled: true,
    ...(setup.filter === true ? { callModelInputFilter: memoryInputFilter(memory) } : {}),
  });
  return {
    async ask(text, answer) {
      const model = new ScriptedModel([[assistantMessage(answer)]]);
      const plain = new Agent({ name: "Assistant", instructions: "Be brief.", model });
      const agent = setup.filter === true ? plain : withMemoryInstructions(plain, memory);
      const transcript = setup.transcript?.();
      const kept =
        session === ""
          ? {}
          : {
              session:
                transcript === undefined
                  ? memorySession(memory)
                  : memorySession({ ...memory, transcript }),
            };
      let output: string | undefined;
      if (stream) {
        const result = await runner.run(agent, text, { ...kept, stream: true });
        await result.completed;
        output = result.finalOutput;
      } else {
        output = (await runner.run(agent, text, kept)).finalOutput;
      }
      prompts.push(
        ...model.calls.map(
          ({ request }) => `${request.systemInstructions}\n${JSON.stringify(request.input)}`,
        ),
      );
      return output ?? "";
    },
    prompts: () => prompts,
  };
}

describeAdapterContract("OpenAI Agents session", (binding) => createApp(binding, {}));

describeAdapterContract("OpenAI Agents session beside another", (binding) =>
  createApp(binding, { transcript: () => new MemorySession() }),
);

describeAdapterContract("OpenAI Agents input filter", (binding) =>
  createApp(binding, { filter: true }),
);
