import { LLMChain } from "@langchain/classic/chains";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableWithMessageHistory } from "@langchain/core/runnables";
import type { Spectron } from "@spectron/core";
import { SpectronChatMessageHistory } from "@spectron/langchain/history";
import { SpectronMemory } from "@spectron/langchain/memory";
import type { Ask } from "./agent.ts";
import { recall } from "./settings.ts";

const scope = "org/acme/user/alice";

const prompt = ChatPromptTemplate.fromMessages([
  ["system", "Answer briefly."],
  new MessagesPlaceholder("history"),
  ["human", "{input}"],
]);

/** A classic chain: what memory knows and the last messages stand in its prompt. */
export function createClassicChain(spectron: Spectron, llm: BaseChatModel): Ask {
  // #region classic
  const ask: Ask = async (input, session) => {
    const memory = new SpectronMemory({ spectron, scope, session, recall, returnMessages: true });
    const chain = new LLMChain({ llm, prompt, memory });
    return String((await chain.invoke({ input }))["text"]);
  };
  // #endregion
  return ask;
}

/** A chain with a durable history: exactly the messages that were said. */
export function createHistoryChain(spectron: Spectron, model: BaseChatModel): Ask {
  // #region history
  const chain = new RunnableWithMessageHistory({
    runnable: prompt.pipe(model),
    getMessageHistory: (session: string) =>
      new SpectronChatMessageHistory({ spectron, scope, session, timeoutMs: 20_000 }),
    inputMessagesKey: "input",
    historyMessagesKey: "history",
  });
  const ask: Ask = async (input, sessionId) =>
    (await chain.invoke({ input }, { configurable: { sessionId } })).text;
  // #endregion
  return ask;
}
