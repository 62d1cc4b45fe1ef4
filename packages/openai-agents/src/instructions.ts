import { createAdapterMemory } from "@spectron/core/adapter";
import type { Agent, AgentInputItem, InputGuardrail, RunContext } from "@openai/agents";
import type { FromContext, MemoryInstructionsOptions } from "./options.ts";

type Instructions<Context> =
  | string
  // oxlint-disable-next-line typescript/no-explicit-any -- the agent's own output type does not matter here
  | ((context: RunContext<Context>, agent: Agent<Context, any>) => Promise<string> | string);

/** What a run asks memory, known once its input has passed the guardrail, and the block it got. */
interface RunMemory {
  query?: string | undefined;
  block?: Promise<string> | undefined;
}

/** The run's context object is the same for every call of a run, handoffs included. */
type Runs = WeakMap<object, RunMemory>;

function runMemory(runs: Runs, context: object): RunMemory {
  const known = runs.get(context);
  if (known !== undefined) return known;
  const made: RunMemory = {};
  runs.set(context, made);
  return made;
}

function instructionsFor<Context>(
  base: Instructions<Context>,
  options: MemoryInstructionsOptions,
  runs: Runs,
  // oxlint-disable-next-line typescript/no-explicit-any
): (context: RunContext<Context>, agent: Agent<Context, any>) => Promise<string> {
  const memory = createAdapterMemory({ ...options, adapter: "openai-agents", store: "never" });
  let count = 0;
  return async (context, agent) => {
    const own = typeof base === "function" ? await base(context, agent) : base;
    const run = runMemory(runs, context);
    if (run.block === undefined) {
      count += 1;
      run.block = memory.turn(
        {
          scope: read(options.scope, context.context) ?? "",
          session: read(options.session, context.context) ?? "",
        },
        {
          inputs: [],
          store: false,
          queryAnchor: `run-${count}`,
          ...(run.query === undefined ? {} : { query: run.query }),
        },
      ).block;
    }
    const text = await run.block;
    return [own, text].filter((part) => part !== "").join("\n\n");
  };
}

/**
 * A copy of the agent that knows what memory knows: one recall a run, asked with the run's last user message.
 * Memory stands in the instructions only, so no session stores it.
 */
export function withMemoryInstructions<
  Context,
  // oxlint-disable-next-line typescript/no-explicit-any
  Wrapped extends Agent<Context, any>,
>(agent: Wrapped, options: MemoryInstructionsOptions): Wrapped {
  const runs: Runs = new WeakMap();
  // instructions do not see the run's input, an input guardrail does, before the first model call
  const listen: InputGuardrail = {
    name: "spectron-memory",
    runInParallel: false,
    execute: async ({ input, context }) => {
      runMemory(runs, context).query = lastUserText(input);
      return { tripwireTriggered: false, outputInfo: undefined };
    },
  };
  return agent.clone({
    inputGuardrails: [...agent.inputGuardrails, listen],
    instructions: instructionsFor<Context>(
      agent.instructions as Instructions<Context>,
      options,
      runs,
    ),
  }) as Wrapped;
}

function read(source: FromContext, context: unknown): string | undefined {
  return typeof source === "function" ? source(context) : source;
}

/** What the user said last in the run's input. */
function lastUserText(input: string | AgentInputItem[]): string | undefined {
  if (typeof input === "string") return input;
  const item = input.findLast((candidate) => (candidate as { role?: string }).role === "user") as
    | { content?: string | { type: string; text?: string }[] }
    | undefined;
  if (typeof item?.content === "string") return item.content;
  return item?.content
    ?.flatMap((part) => (part.type === "input_text" ? [part.text ?? ""] : []))
    .join("\n");
}
