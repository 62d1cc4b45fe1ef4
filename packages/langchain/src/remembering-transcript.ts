import { createAdapterMemory, idAnchor, ordinalAnchor } from "@spectron/core/adapter";
import type { TurnMessage } from "@spectron/core/adapter";
import type { BaseMessage } from "@langchain/core/messages";
import { mapMessages } from "./messages.ts";
import type {
  MessageTranscript,
  SpectronChatMessageHistoryOptions,
} from "./spectron-chat-message-history.ts";

/** Another history keeps the messages; what they say goes to memory beside it. */
export function rememberingTranscript(
  transcript: MessageTranscript,
  options: SpectronChatMessageHistoryOptions,
): MessageTranscript {
  const memory = createAdapterMemory({ ...options, adapter: "langchain" });
  const includeTools = options.tools?.include ?? [];

  const placed = (messages: readonly BaseMessage[], start: number): TurnMessage[] =>
    mapMessages(messages, includeTools).map(({ index, part, said }) => {
      const id = messages[index]?.id;
      const place = id === undefined ? ordinalAnchor(start + index) : idAnchor(id);
      return { ...said, anchor: part === "" ? place : `${place}/${part}` };
    });

  return {
    getMessages: async () => [...(await transcript.getMessages())],
    clear: async () => transcript.clear(),
    async addMessages(messages) {
      const start = (await transcript.getMessages()).length;
      await transcript.addMessages(messages);
      const all = placed(messages, start);
      const firstAnswer = all.findIndex((message) => message.role !== "user");
      const split = firstAnswer === -1 ? all.length : firstAnswer;
      const turn = memory.turn(options, { inputs: all.slice(0, split), recall: false });
      await turn.finish(all.slice(split));
    },
  };
}
