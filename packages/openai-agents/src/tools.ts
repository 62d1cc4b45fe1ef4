import { createToolDefinitions } from "@spectron/core/tools";
import type { FunctionTool, RunContext } from "@openai/agents";
import { fromContext } from "./options.ts";
import type { MemoryInstructionsOptions } from "./options.ts";

/** The tools recall, remember and forget; whose memory they act on never comes from the model. */
export function memoryTools<Context = unknown>(
  options: Pick<MemoryInstructionsOptions, "spectron" | "scope" | "session"> & {
    /** Which of them. @default all three */
    only?: readonly ("recall" | "remember" | "forget")[] | undefined;
    /** Which of them wait for a person's approval. @default none */
    needsApproval?: readonly ("recall" | "remember" | "forget")[] | undefined;
  },
): FunctionTool<Context>[] {
  const definitions = createToolDefinitions<RunContext<Context>>(
    options.spectron,
    (context) => ({
      scope: fromContext(options.scope, context.context),
      session: fromContext(options.session, context.context),
    }),
    { adapter: "openai-agents" },
  );
  return definitions
    .filter(({ name }) => options.only?.includes(name) ?? true)
    .map((definition) => ({
      type: "function",
      name: definition.name,
      description: definition.description,
      parameters: definition.parameters,
      strict: true,
      needsApproval: async () => options.needsApproval?.includes(definition.name) ?? false,
      isEnabled: async () => true,
      invoke: async (context, input, details) =>
        definition.execute(parsed(input), context, {
          callId: details?.toolCall?.callId,
          signal: details?.signal,
        }),
    }));
}

/** What is no JSON is answered like a missing argument. */
function parsed(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return {};
  }
}
