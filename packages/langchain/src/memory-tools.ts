import type { Spectron } from "@spectron/core";
import { createToolDefinitions } from "@spectron/core/tools";
import type { MemoryBinding } from "@spectron/core/adapter";
import { tool } from "@langchain/core/tools";
import type { StructuredToolInterface } from "@langchain/core/tools";
import { readSource } from "./options.ts";
import type { FromRuntime, MemoryRuntime } from "./options.ts";

export interface MemoryToolsOptions {
  spectron: Spectron;
  /** Whose memory, such as `org/acme/user/alice`; never chosen by the model. */
  scope: FromRuntime;
  /** The conversation. @default `configurable.thread_id` of the run */
  session?: FromRuntime | undefined;
  /** Which of the three to hand out. @default all */
  include?: readonly ("recall" | "remember" | "forget")[] | undefined;
}

/** What LangChain hands to a tool beside its arguments; older cores only give the config. */
interface ToolRuntime extends MemoryRuntime {
  toolCallId?: string | undefined;
  toolCall?: { id?: string | undefined } | undefined;
}

/** The tools `recall`, `remember` and `forget` for an agent that decides itself when to use memory. */
export function memoryTools(options: MemoryToolsOptions): StructuredToolInterface[] {
  const bind = (runtime: ToolRuntime): MemoryBinding => ({
    scope: readSource(options.scope, runtime) ?? "",
    session: readSource(options.session ?? threadOf, runtime) ?? "",
  });
  return createToolDefinitions<ToolRuntime>(options.spectron, bind, { adapter: "langchain" })
    .filter(({ name }) => options.include?.includes(name) ?? true)
    .map((definition) =>
      tool(
        async (args: unknown, runtime: unknown) => {
          const call = (runtime ?? {}) as ToolRuntime;
          return definition.execute(args, call, {
            callId: call.toolCallId ?? call.toolCall?.id,
            signal: call.signal,
          });
        },
        {
          name: definition.name,
          description: definition.description,
          schema: definition.parameters,
        },
      ),
    );
}

function threadOf(runtime: MemoryRuntime): string | undefined {
  return runtime.configurable?.thread_id;
}
