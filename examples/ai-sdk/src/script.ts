import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { memoryOptions, withMemory } from "@spectron/ai-sdk";
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { generateText } from "ai";
import { createLocalModel } from "./local-model.ts";

// no key needed: the model of this example lives in the process
const localModel = createLocalModel();
const provider = createOpenAICompatible({
  name: "local",
  baseURL: "http://local-model/v1",
  fetch: async (input, init) => localModel.request(new Request(input, init)),
});
const modelId = "local";

// #region script
const spectron = createSpectron(await embedded({ path: process.argv[2] ?? "memory.db" }));
const model = withMemory(provider(modelId), { spectron, recall: { timeoutMs: 5000 } });

const ask = async (user: string, chat: string, prompt: string): Promise<string> => {
  const { text } = await generateText({
    model,
    prompt,
    providerOptions: memoryOptions({ scope: `org/acme/user/${user}`, session: chat }),
  });
  return text;
};

console.log(await ask("alice", "monday", "I live in Braga."));
await spectron.flush(); // the write is on its way; another conversation should find it
console.log(await ask("alice", "tuesday", "Where do I live?"));
console.log(await ask("bob", "tuesday", "Where do I live?"));
await spectron.close();
// #endregion
