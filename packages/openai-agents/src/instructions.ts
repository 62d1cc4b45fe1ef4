import { createAdapterMemory } from "@spectron/core/adapter";
import type { Agent, AgentInputItem, RunContext } from "@openai/agents";
import type { FromContext, MemoryInstructionsOptions } from "./options.ts";

type Instructions<Context> =
  | string
  // oxlint-disable-next-line typescript/no-explicit-any -- the agent's own output type does not matter here
  | ((context: RunContext<Context>, agent: Agent<Context, any>) => Promise<string> | string);

/** Adds memory to instructions; one recall a run, whatever the number of model calls. */
export function memoryInstructions<Context>(
  base: Instructions<Context>,
  options: MemoryInstructionsOptions,
  // oxlint-disable-next-line typescript/no-explicit-any
): (context: RunContext<Context>, agent: Agent<Context, any>) => Promise<string> {
  const memory = createAdapterMemory({ ...options, adapter: "openai-agents", store: "never" });
  // the run's context object is the same for every call of a run
  const blocks = new WeakMap<object, Promise<string>>();
  let runs = 0;
  return async (context, agent) => {
    const own = typeof base === "function" ? await base(context, agent) : base;
    let block = blocks.get(context);
    if (block === undefined) {
      runs += 1;
      const query = lastUserText(context);
      block = memory.turn(
        {
          scope: read(options.scope, context.context) ?? "",
          session: read(options.session, context.context) ?? "",
        },
        {
          inputs: [],
          store: false,
          queryAnchor: `run-${runs}`,
          ...(query === undefined ? {} : { query }),
        },
      ).block;
      blocks.set(context, block);
    }
    const text = await block;
    return [own, text].filter((part) => part !== "").join("\n\n");
  };
}

/**
 * A copy of the agent that knows what memory knows. Memory stands in the instructions only, so no session stores it.
 */
export function withMemoryInstructions<
  Context,
  // oxlint-disable-next-line typescript/no-explicit-any
  Wrapped extends Agent<Context, any>,
>(agent: Wrapped, options: MemoryInstructionsOptions): Wrapped {
  return agent.clone({
    instructions: memoryInstructions<Context>(agent.instructions as Instructions<Context>, options),
  }) as Wrapped;
}

function read(source: FromContext, context: unknown): string | undefined {
  return typeof source === "function" ? source(context) : source;
}

/** What the user said last in this run. */
function lastUserText(context: RunContext<unknown>): string | undefined {
  const { turnInput } = context as unknown as { turnInput?: AgentInputItem[] };
  const item = turnInput?.findLast(
    (candidate) => (candidate as { role?: string }).role === "user",
  ) as { content?: string | { type: string; text?: string }[] } | undefined;
  if (item === undefined) return undefined;
  if (typeof item.content === "string") return item.content;
  return item.content
    ?.flatMap((part) => (part.type === "input_text" ? [part.text ?? ""] : []))
    .join("\n");
}
