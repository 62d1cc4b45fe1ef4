import { MemoryError } from "@spectron/core";
import type { TurnResponse } from "@spectron/core";
import { createAdapterMemory } from "@spectron/core/adapter";
import type { TurnMessage } from "@spectron/core/adapter";
import type { AgentInputItem, Session } from "@openai/agents";
import { toTurnMessage } from "./messages.ts";
import type { MemorySessionOptions } from "./options.ts";

/** Turns of one page when history is read back. */
const PAGE = 500;
/** Longest wait for a service that may be down. */
const DEFAULT_WAIT_MS = 800;

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

  const throws = options.failureMode === "throw";
  const timeoutMs =
    (options.recall === false ? undefined : options.recall?.timeoutMs) ?? DEFAULT_WAIT_MS;
  const bound = throws ? {} : { timeoutMs, retries: 0 };

  /** History that cannot be read is reported; the run goes on without it, unless asked to fail. */
  const open = async <Value>(work: () => Promise<Value>, fallback: Value): Promise<Value> => {
    try {
      return await work();
    } catch (error) {
      if (throws || !MemoryError.isInstance(error)) throw error;
      options.onError?.(error, { operation: "recall" });
      return fallback;
    }
  };

  const read = async (): Promise<{ seq: number; item: AgentInputItem }[]> => {
    await spectron.flush(bound);
    const id = await memory.sessionId(binding);
    const items: { seq: number; item: AgentInputItem }[] = [];
    let cursor: string | undefined;
    do {
      const page = await spectron.sessions.turns(id, { limit: PAGE, cursor }, bound);
      for (const turn of page.turns) {
        if (turn.seq <= hiddenTo || popped.has(turn.seq)) continue;
        const item = toItem(turn);
        if (item !== undefined) items.push({ seq: turn.seq, item });
      }
      cursor = page.page?.nextCursor;
    } while (cursor !== undefined);
    return items;
  };

  /** Places of items without an id: where they will stand in the stored session. */
  const placed = (items: readonly AgentInputItem[]) => async (): Promise<TurnMessage[]> => {
    const session = await spectron.sessions.get(await memory.sessionId(binding));
    const start = session.turnCount ?? 0;
    return items.flatMap((item, index) => {
      const message = toTurnMessage(item, start + index, includeTools);
      return message === undefined ? [] : [message];
    });
  };

  return {
    getSessionId: async () => open(async () => memory.sessionId(binding), options.session),

    async getItems(limit) {
      if (limit !== undefined && limit <= 0) return [];
      const items = (await open(read, [])).map(({ item }) => item);
      return limit === undefined ? items : items.slice(-limit);
    },

    async addItems(items) {
      const firstAnswer = items.findIndex((item) => (item as { role?: string }).role !== "user");
      const split = firstAnswer === -1 ? items.length : firstAnswer;
      const inputs = items.slice(0, split);
      const outputs = items.slice(split);
      const turn = memory.turn(binding, {
        inputs: inputs.length === 0 ? [] : placed(inputs),
        recall: false,
      });
      if (outputs.length > 0) await turn.finish(placed(outputs));
      // the runner reads the session back at once; a dead service must not hold the answer for longer
      await open(async () => spectron.flush(bound), undefined);
    },

    async popItem() {
      const last = (await read()).at(-1);
      if (last === undefined) return undefined;
      popped.add(last.seq);
      return last.item;
    },

    async clearSession() {
      await spectron.flush(bound);
      hiddenTo = (await spectron.sessions.get(await memory.sessionId(binding))).turnCount ?? 0;
    },
  };
}

function toItem(turn: TurnResponse): AgentInputItem | undefined {
  if (turn.role === "user") return { type: "message", role: "user", content: turn.content };
  if (turn.role !== "assistant") return undefined;
  return {
    type: "message",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text: turn.content }],
  };
}
