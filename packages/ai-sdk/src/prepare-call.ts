import { createAdapterMemory } from "@spectron/core/adapter";
import type { MemoryOptions } from "@spectron/core/adapter";
import { memoryOptions } from "./options.ts";
import { injectBlock, lastUserText } from "./prompt.ts";
import type { PromptMessage } from "./prompt.ts";

/** A value, or how to read it from the options of the agent's call. */
type FromCall<CallOptions> = string | ((options: CallOptions) => string);

export interface PrepareCallOptions<CallOptions> extends Omit<MemoryOptions, "store" | "tools"> {
  scope: FromCall<CallOptions>;
  session: FromCall<CallOptions>;
}

interface AgentCall {
  options?: unknown;
  instructions?: unknown;
  prompt?: unknown;
  messages?: unknown;
  providerOptions?: unknown;
}

/**
 * `prepareCall` of a `ToolLoopAgent`: recalls once for the whole call into `instructions`, and binds the call, so
 * that `memoryCallbacks` or a model wrapped with memory store it.
 */
export function prepareCallWithMemory<CallOptions = never>(
  options: PrepareCallOptions<CallOptions>,
): <Call extends object>(call: Call) => Promise<Call> {
  const memory = createAdapterMemory({ ...options, adapter: "ai-sdk" });
  return async (call) => {
    const given = call as AgentCall;
    const read = (value: FromCall<CallOptions>): string =>
      typeof value === "string" ? value : value(given.options as CallOptions);
    const binding = { scope: read(options.scope), session: read(options.session) };
    const turn = memory.turn(binding, {
      inputs: [],
      store: false,
      query: lastUserText(messagesOf(given)),
    });
    const block = await turn.block;
    turn.abort();
    return {
      ...call,
      instructions: withBlock(given.instructions, block),
      providerOptions: {
        ...(given.providerOptions as object | undefined),
        ...memoryOptions({ ...binding, recall: false }),
      },
    };
  };
}

function messagesOf(call: AgentCall): PromptMessage[] {
  const messages = call.messages ?? call.prompt ?? [];
  return typeof messages === "string"
    ? [{ role: "user", content: messages }]
    : (messages as PromptMessage[]);
}

/** Instructions are a text, a system message or several. */
function withBlock(instructions: unknown, block: string): unknown {
  if (block === "") return instructions;
  if (instructions === undefined || typeof instructions === "string")
    return instructions === undefined || instructions === ""
      ? block
      : `${instructions}\n\n${block}`;
  return injectBlock([instructions].flat() as PromptMessage[], block);
}
