import { createToolDefinitions } from "@spectron/core/tools";
import type { Spectron } from "@spectron/core";

/** What the SDK hands to a tool beside its input. */
export interface ToolExecution {
  toolCallId?: string;
  abortSignal?: AbortSignal;
  /** ai 7. */
  context?: unknown;
  /** ai 5 and 6. */
  experimental_context?: unknown;
}

export interface MemoryToolsOptions {
  spectron: Spectron;
  /** Whose memory; a function reads it from what the SDK hands to the tool, never from the model. */
  scope: string | ((execution: ToolExecution) => string);
  session: string | ((execution: ToolExecution) => string);
}

/** A tool of the SDK, in the parts that ai 5, 6 and 7 share. */
export interface MemoryTool {
  description: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the schema types of three SDK majors have no common form
  inputSchema: any;
  execute(input: unknown, execution: ToolExecution): Promise<string>;
}

/** By this key the SDK knows schemas that are not made by its own copy. */
const SCHEMA: symbol = Symbol.for("vercel.ai.schema");
/** ai 5 asks for this one as well. */
const VALIDATOR: symbol = Symbol.for("vercel.ai.validator");

/** The tools recall, remember and forget for `tools` of a call; the model cannot choose whose memory they touch. */
export function memoryTools(
  options: MemoryToolsOptions,
): Record<"recall" | "remember" | "forget", MemoryTool> {
  const { spectron, scope, session } = options;
  const read = (value: MemoryToolsOptions["scope"], execution: ToolExecution): string =>
    typeof value === "function" ? value(execution) : value;
  const definitions = createToolDefinitions<ToolExecution>(
    spectron,
    (execution) => ({ scope: read(scope, execution), session: read(session, execution) }),
    { adapter: "ai-sdk" },
  );
  const tools = definitions.map((definition) => [
    definition.name,
    {
      description: definition.description,
      inputSchema: {
        [SCHEMA]: true,
        [VALIDATOR]: true,
        jsonSchema: definition.parameters,
        validate: undefined,
      },
      execute: async (input: unknown, execution: ToolExecution) =>
        definition.execute(input, execution, {
          callId: execution.toolCallId,
          signal: execution.abortSignal,
        }),
    },
  ]);
  return Object.fromEntries(tools) as Record<"recall" | "remember" | "forget", MemoryTool>;
}
