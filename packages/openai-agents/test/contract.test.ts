import { Agent, Runner } from "@openai/agents";
import { ScriptedModel, assistantMessage } from "@openai/agents/testing";
import { memorySession, withMemoryInstructions } from "@spectron/openai-agents";
import { describeAdapterContract, startTestService } from "@spectron/testing";
import { expect, test } from "vitest";

describeAdapterContract(
  "OpenAI Agents session",
  ({ spectron, scope, session, stream, onError }) => {
    const prompts: string[] = [];
    const runner = new Runner({ tracingDisabled: true });
    return {
      async ask(text, answer) {
        const model = new ScriptedModel([[assistantMessage(answer)]]);
        const agent = withMemoryInstructions(
          new Agent({ name: "Assistant", instructions: "Be brief.", model }),
          { spectron, scope, session, onError },
        );
        const options =
          session === "" ? {} : { session: memorySession({ spectron, scope, session, onError }) };
        let output: string | undefined;
        if (stream) {
          const result = await runner.run(agent, text, { ...options, stream: true });
          await result.completed;
          output = result.finalOutput;
        } else {
          output = (await runner.run(agent, text, options)).finalOutput;
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
  },
);

test("history comes back in order, newest by limit, after a restart of the handle", async () => {
  const service = await startTestService();
  const open = () => memorySession({ spectron: service.spectron, scope: "u/a", session: "thread" });
  await open().addItems([
    { type: "message", role: "user", content: "one" },
    assistantMessage("two"),
  ]);
  await open().addItems([{ type: "message", role: "user", content: "three" }]);
  const texts = (await open().getItems(2)).map((item) => JSON.stringify(item));
  expect(texts).toHaveLength(2);
  expect(texts[0]).toContain("two");
  expect(texts[1]).toContain("three");
  expect(await open().getItems(0)).toEqual([]);
  await service.stop();
});

test("the same words said twice are two turns", async () => {
  const service = await startTestService();
  const session = memorySession({ spectron: service.spectron, scope: "u/a", session: "thread" });
  await session.addItems([{ type: "message", role: "user", content: "ok" }]);
  await session.addItems([{ type: "message", role: "user", content: "ok" }]);
  expect(await service.stored()).toEqual(["user: ok", "user: ok"]);
  await service.stop();
});
