import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { memoryCallbacks, memoryTools, prepareCallWithMemory } from "@spectron/ai-sdk";
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { ToolLoopAgent } from "ai";
import { createLocalModel } from "./local-model.ts";

const localModel = createLocalModel();
const provider = createOpenAICompatible({
  name: "local",
  baseURL: "http://local-model/v1",
  fetch: async (input, init) => localModel.request(new Request(input, init)),
});
const model = provider("local");
const spectron = createSpectron(await embedded({ path: process.argv[2] ?? "memory.db" }));

// #region agent
const scope = "org/acme/user/alice";
const memory = { spectron, recall: { timeoutMs: 5000 } };
const agent = new ToolLoopAgent<{ chat: string }, ReturnType<typeof memoryTools>>({
  model,
  instructions: "Answer briefly.",
  tools: memoryTools({ spectron, scope, session: "assistant" }),
  // recalls once for the whole call, and binds it
  prepareCall: prepareCallWithMemory<{ chat: string }>({
    ...memory,
    scope,
    session: ({ chat }) => chat,
  }),
  // stores the whole call, all its steps
  ...memoryCallbacks(memory),
});

await agent.generate({ prompt: "I work at Nimbus.", options: { chat: "monday" } });
await spectron.flush();
const { text } = await agent.generate({
  prompt: "Who do I work for?",
  options: { chat: "tuesday" },
});
// #endregion
console.log(text);
await spectron.close();
