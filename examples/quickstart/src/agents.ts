import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { Agent, OpenAIProvider, Runner } from "@openai/agents";
import { memoryOptions, withMemory } from "@spectron/ai-sdk";
import type { Spectron } from "@spectron/core";
import { memoryMiddleware } from "@spectron/langchain";
import { memorySession, withMemoryInstructions } from "@spectron/openai-agents";
import { generateText } from "ai";
import { createAgent } from "langchain";

/** Where the model is: the local server of this example, or the real service. */
export interface ModelAccess {
  baseURL: string | undefined;
  apiKey: string;
  model: string;
}

/** Whose memory. */
export const scope = "org/acme/user/alice";
/** The story is worth a longer wait for memory than a chat, should the machine be busy. */
const recall = { timeoutMs: 10_000 };

export type Ask = (text: string) => Promise<string>;

/** A LangChain agent with memory. */
export function langchainAgent(spectron: Spectron, access: ModelAccess): Ask {
  const model = new ChatOpenAI({
    model: access.model,
    apiKey: access.apiKey,
    useResponsesApi: true,
    ...(access.baseURL === undefined ? {} : { configuration: { baseURL: access.baseURL } }),
  });
  // #region langchain
  const agent = createAgent({
    model,
    tools: [],
    middleware: [memoryMiddleware({ spectron, scope, recall })],
  });
  // #endregion
  return async (text) => {
    const state = await agent.invoke(
      { messages: [{ role: "user", content: text }] },
      { configurable: { thread_id: "langchain-chat" } },
    );
    return state.messages.at(-1)?.text ?? "";
  };
}

/** A Vercel AI SDK model with memory, built once and bound on each call. */
export function aiSdkModel(spectron: Spectron, access: ModelAccess): Ask {
  const openai = createOpenAI({
    apiKey: access.apiKey,
    ...(access.baseURL === undefined ? {} : { baseURL: access.baseURL }),
  });
  const modelId = access.model;
  // #region ai-sdk
  const model = withMemory(openai(modelId), { spectron, recall });
  const ask = async (prompt: string): Promise<string> => {
    const { text } = await generateText({
      model,
      prompt,
      providerOptions: memoryOptions({ scope, session: "ai-sdk-chat" }),
    });
    return text;
  };
  // #endregion
  return ask;
}

/** An OpenAI Agents run with memory. */
export function openaiAgent(spectron: Spectron, access: ModelAccess): Ask {
  const runner = new Runner({
    tracingDisabled: true,
    modelProvider: new OpenAIProvider({
      apiKey: access.apiKey,
      ...(access.baseURL === undefined ? {} : { baseURL: access.baseURL }),
    }),
  });
  const model = access.model;
  // #region openai-agents
  const memory = { spectron, scope, session: "openai-agents-chat", recall };
  const agent = withMemoryInstructions(
    new Agent({ name: "Assistant", instructions: "Answer briefly.", model }),
    memory,
  );
  const session = memorySession(memory);
  const ask = async (text: string): Promise<string> => {
    const result = await runner.run(agent, text, { session });
    return result.finalOutput ?? "";
  };
  // #endregion
  return ask;
}
