import { createAdapterMemory, idAnchor } from "@spectron/core/adapter";
import type { MemoryOptions, TurnMessage } from "@spectron/core/adapter";
import type { AgentInputItem } from "@openai/agents";
import { callKey, toWords } from "./messages.ts";

/** What memory reads of a finished run. */
export interface RecordedRun {
  input: string | AgentInputItem[];
  newItems: readonly { type: string; rawItem?: unknown }[];
  lastResponseId?: string | undefined;
}

/**
 * Stores finished runs whose conversation the provider keeps (`conversationId`, `previousResponseId`): those never
 * reach a session. Call it with the result, after `completed` when streaming.
 */
export function runRecorder(
  options: MemoryOptions & { scope: string; session: string },
): (run: RecordedRun) => Promise<void> {
  const memory = createAdapterMemory({ ...options, adapter: "openai-agents" });
  const includeTools = options.tools?.include ?? [];
  const binding = { scope: options.scope, session: options.session };
  return async (run) => {
    const input: AgentInputItem[] =
      typeof run.input === "string"
        ? [{ type: "message", role: "user", content: run.input }]
        : run.input;
    const items = run.newItems.flatMap(({ type, rawItem }) =>
      // an approval shows the call again, which is an item of its own once it runs
      rawItem === undefined || type === "tool_approval_item" ? [] : [rawItem as AgentInputItem],
    );
    const messages = (of: readonly AgentInputItem[], part: string): TurnMessage[] =>
      of.flatMap((item, index) => {
        const words = toWords(item, includeTools);
        const id = (item as { id?: string }).id ?? callKey(item);
        const anchor = idAnchor(id ?? `${run.lastResponseId ?? "run"}/${part}${index}`);
        return words === undefined ? [] : [{ ...words, anchor }];
      });
    const turn = memory.turn(binding, { inputs: messages(input, "in"), recall: false });
    await turn.finish(messages(items, "out"));
    await turn.delivered();
  };
}
