import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { MemorySaver } from "@langchain/langgraph";
import type { Spectron } from "@spectron/core";
import { memoryMiddleware } from "@spectron/langchain";
import { createAgent, tool } from "langchain";
import { z } from "zod";
import { recall } from "./settings.ts";

export type Ask = (text: string, thread: string) => Promise<string>;

const weather = tool(async ({ city }: { city: string }) => `sunny in ${city}`, {
  name: "weather",
  description: "The weather of a city.",
  schema: z.object({ city: z.string() }),
});

/** An agent with a tool: the checkpointer keeps the thread, memory keeps what outlives it. */
export function createAssistant(
  spectron: Spectron,
  model: BaseChatModel,
  scope = "org/acme/user/alice",
): Ask {
  // #region agent
  const agent = createAgent({
    model,
    tools: [weather],
    systemPrompt: "Answer briefly.",
    checkpointer: new MemorySaver(),
    middleware: [
      memoryMiddleware({
        spectron,
        scope,
        recall,
        tools: { include: ["weather"] },
        onError: (error, { operation }) => console.warn(`memory: ${operation}: ${error.message}`),
      }),
    ],
  });
  const ask: Ask = async (text, thread) => {
    const state = await agent.invoke(
      { messages: [{ role: "user", content: text }] },
      { configurable: { thread_id: thread } },
    );
    return state.messages.at(-1)?.text ?? "";
  };
  // #endregion
  return ask;
}
