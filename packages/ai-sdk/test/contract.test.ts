import { memoryOptions, stampMessageIds, withMemory } from "@spectron/ai-sdk";
import { describeAdapterContract, TOOL_TURN } from "@spectron/testing";
import { convertToModelMessages, stepCountIs } from "ai";
import type { UIMessage } from "ai";
import { ask as askModel, retryableError, weatherTool } from "./chats.ts";
import { scriptedModel } from "./scripted-model.ts";
import type { Step } from "./scripted-model.ts";

describeAdapterContract(
  "AI SDK middleware",
  ({ spectron, scope, session, stream, onError, memory }) => {
    const script: Step[] = [];
    const scripted = scriptedModel(script);
    const model = withMemory(scripted.model, { spectron, onError, ...memory });
    const history: UIMessage[] = [];
    const returned: string[] = [];

    const turn = async (binding: { scope: string; session: string }): Promise<string> => {
      const text = await askModel(stream, {
        model,
        messages: await convertToModelMessages(stampMessageIds(history)),
        system: "Be brief.",
        tools: weatherTool(TOOL_TURN.result),
        stopWhen: stepCountIs(3),
        providerOptions: memoryOptions(binding),
      });
      returned.push(text);
      return text;
    };
    const say = async (text: string, ...steps: Step[]): Promise<string> => {
      const id = `m-${session}-${history.length}`;
      history.push({ id, role: "user", parts: [{ type: "text", text }] });
      script.push(...steps);
      const answer = await turn({ scope, session });
      history.push({
        id: `a-${session}-${history.length}`,
        role: "assistant",
        parts: [{ type: "text", text: answer }],
      });
      return answer;
    };
    const again = async (answer: string, text?: string): Promise<string> => {
      history.pop();
      const question = history.pop();
      if (question === undefined) throw new Error("Nothing was asked.");
      history.push(
        text === undefined ? question : { ...question, parts: [{ type: "text", text }] },
      );
      script.push({ text: answer });
      const said = await turn({ scope, session });
      history.push({
        id: `a-${session}-again`,
        role: "assistant",
        parts: [{ type: "text", text: said }],
      });
      return said;
    };
    const call = (id: string): NonNullable<Step["calls"]> => [
      { id, name: "weather", input: JSON.stringify(TOOL_TURN.args) },
    ];

    return {
      ask: async (text, answer) => say(text, { text: answer }),
      prompts: scripted.prompts,
      askWithTools: async (text, answer) =>
        say(
          text,
          { text: TOOL_TURN.words, calls: call("c1") },
          { calls: call("c2") },
          { text: answer },
        ),
      async askBroken(text, partial) {
        await say(
          text,
          stream ? { text: partial, breaks: "error" } : { throws: new Error("broken") },
        ).catch(() => undefined);
      },
      askRetried: async (text, answer) => say(text, { throws: retryableError() }, { text: answer }),
      async replay() {
        const last = history.at(-1)?.parts[0];
        await again(last?.type === "text" ? last.text : "");
      },
      regenerate: async (answer) => again(answer),
      edit: async (text, answer) => again(answer, text),
      async askAs(binding, text, answer) {
        script.push({ for: text, text: answer });
        return askModel(stream, {
          model,
          prompt: text,
          system: "Be brief.",
          providerOptions: memoryOptions(binding),
        });
      },
      transcript: () => returned.join("\n"),
    };
  },
  {
    askAborted:
      "A call that is not streamed has no partial answer; aborted streams have tests of their own.",
  },
);
