import { memoryOptions, withMemory } from "@spectron/ai-sdk";
import { describeAdapterContract } from "@spectron/testing";
import { ask } from "./chats.ts";
import { scriptedModel } from "./scripted-model.ts";
import type { Step } from "./scripted-model.ts";

describeAdapterContract("AI SDK middleware", ({ spectron, scope, session, stream, onError }) => {
  const script: Step[] = [];
  const scripted = scriptedModel(script);
  const model = withMemory(scripted.model, { spectron, onError, recall: { timeoutMs: 20_000 } });
  const providerOptions = memoryOptions({ scope, session });
  return {
    async ask(prompt, answer) {
      script.push({ text: answer });
      return ask(stream, { model, prompt, system: "Be brief.", providerOptions });
    },
    prompts: scripted.prompts,
  };
});
