import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { RunnableConfig } from "@langchain/core/runnables";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";

/** A model call whose text is heard while it streams. */
export interface HeardCall<Value> {
  result: Promise<Value>;
  /** What the model has said so far; empty where it does not stream. */
  text: () => string;
}

/** Listens to a model call without making it stream: an aborted call returns nothing, so callbacks are the one witness. */
export function hearAnswer<Value>(call: () => Promise<Value>): HeardCall<Value> {
  let text = "";
  const listener = BaseCallbackHandler.fromMethods({
    handleChatModelStart() {
      // a retried call starts anew
      text = "";
    },
    handleLLMNewToken(token) {
      text += token;
    },
  });
  // a token that arrives later than its abort would be lost
  listener.awaitHandlers = true;

  const hear = async (): Promise<Value> => {
    const config = AsyncLocalStorageProviderSingleton.getRunnableConfig() as
      | RunnableConfig
      | undefined;
    const callbacks = config?.callbacks ?? [];
    // the agent hands its own manager to the model; without one the model takes what its async context says
    if (Array.isArray(callbacks))
      return AsyncLocalStorageProviderSingleton.runWithConfig(
        { ...config, callbacks: [...callbacks, listener] },
        call,
      ) as Promise<Value>;
    callbacks.addHandler(listener);
    try {
      return await call();
    } finally {
      callbacks.removeHandler(listener);
    }
  };
  return { result: hear(), text: () => text };
}
