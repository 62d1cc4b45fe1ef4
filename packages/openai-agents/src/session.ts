import { MemoryError } from "@spectron/core";
import { createAdapterMemory } from "@spectron/core/adapter";
import type { AgentInputItem, Session } from "@openai/agents";
import { toTurnMessage } from "./messages.ts";
import type { MemorySessionOptions } from "./options.ts";

/** Turns of one page when history is read back. */
const PAGE = 500;

/**
 * A durable `Session` over the memory service: what the user and the assistant said comes back as messages, and
 * becomes memory that outlives the conversation.
 */
export function memorySession(options: MemorySessionOptions): Session {
  const memory = createAdapterMemory({ ...options, adapter: "openai-agents" });
  const binding = { scope: options.scope, session: options.session };
  const { spectron } = options;
  const includeTools = options.tools?.include ?? [];
  /** Items that `clearSession` hides and `popItem` took; long-term memory is not touched by either. */
  let hiddenTo = 0;
  const popped = new Set<number>();

  const read = async (): Promise<{ seq: number; item: AgentInputItem }[]> => {
    await spectron.flush();
    const id = await memory.sessionId(binding);
    const items: { seq: number; item: AgentInputItem }[] = [];
    let cursor: string | undefined;
    do {
      const page = await spectron.sessions.turns(id, { limit: PAGE, cursor });
      for (const turn of page.turns) {
        if (turn.seq <= hiddenTo || popped.has(turn.seq)) continue;
        if (turn.role === "user")
          items.push({
            seq: turn.seq,
            item: { type: "message", role: "user", content: turn.content },
          });
        if (turn.role === "assistant")
          items.push({
            seq: turn.seq,
            item: {
              type: "message",
              role: "assistant",
              status: "completed",
              content: [{ type: "output_text", text: turn.content }],
            },
          });
      }
      cursor = page.page?.nextCursor;
    } while (cursor !== undefined);
    return items;
  };

  return {
    getSessionId: async () => memory.sessionId(binding),

    async getItems(limit) {
      if (limit !== undefined && limit <= 0) return [];
      const items = (await read()).map(({ item }) => item);
      return limit === undefined ? items : items.slice(-limit);
    },

    async addItems(items) {
      if (items.length === 0) return;
      let start: number;
      try {
        await spectron.flush();
        start = (await spectron.sessions.get(await memory.sessionId(binding))).turnCount ?? 0;
      } catch (error) {
        if (options.failureMode === "throw" || !MemoryError.isInstance(error)) throw error;
        // the answer exists: a memory failure is reported, it does not reject the run
        options.onError?.(error, { operation: "store" });
        return;
      }
      const messages = items.flatMap((item, index) => {
        const message = toTurnMessage(item, start + index, includeTools);
        return message === undefined ? [] : [message];
      });
      const firstAnswer = messages.findIndex((message) => message.role !== "user");
      const split = firstAnswer === -1 ? messages.length : firstAnswer;
      const turn = memory.turn(binding, { inputs: messages.slice(0, split), recall: false });
      await turn.finish(messages.slice(split));
      // the runner reads the session back at once: what it added must be there
      await turn.delivered();
    },

    async popItem() {
      const last = (await read()).at(-1);
      if (last === undefined) return undefined;
      popped.add(last.seq);
      return last.item;
    },

    async clearSession() {
      await spectron.flush();
      const session = await spectron.sessions.get(await memory.sessionId(binding));
      hiddenTo = session.turnCount ?? 0;
    },
  };
}
