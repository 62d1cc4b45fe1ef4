import { createAdapterMemory, reportFailure } from "@spectron/core/adapter";
import type { AdapterMemory, MemoryBinding } from "@spectron/core/adapter";
import { sharedBreaker } from "@spectron/core/transcript";
import type { Agent, AgentInputItem, CallModelInputFilter, RunContext } from "@openai/agents";
import { isUserMessage, lastUserText } from "./messages.ts";
import { fromContext } from "./options.ts";
import type { MemoryInstructionsOptions } from "./options.ts";
import { runMemory } from "./run-memory.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- the agent's own output type does not matter here
type AnyAgent<Context> = Agent<Context, any>;

/** Instructions as the SDK takes them: a text, or a function of the run. */
export type Instructions<Context> =
  | string
  | ((context: RunContext<Context>, agent: AnyAgent<Context>) => Promise<string> | string);

export interface QuestionOptions<Context> {
  /** What memory is asked. @default what the user said last, as the wrapped agent or the session of the run heard it */
  query?: ((context: RunContext<Context>) => string | undefined) | undefined;
}

/**
 * A copy of the agent that knows what memory knows: one recall a run, asked with what the user said last.
 * Memory stands in the instructions only, so no session stores it. Wrap every agent that should know, also those that
 * are handed over to or used as tools.
 */
export function withMemoryInstructions<Context, Wrapped extends AnyAgent<Context>>(
  agent: Wrapped,
  options: MemoryInstructionsOptions,
): Wrapped {
  const copy = agent.clone({
    instructions: memoryInstructions<Context>(agent.instructions as Instructions<Context>, options),
  }) as Wrapped;
  // a copy has no listeners; the application's own stay with the agent that it gave us
  for (const event of EVENTS)
    copy.on(event, (...args: unknown[]) => {
      (agent.emit as (name: string, ...args: unknown[]) => boolean).call(agent, event, ...args);
    });
  copy.on("agent_start", (context, _agent, input) => {
    const query = lastUserText(input ?? []);
    if (query !== undefined) runMemory(options.spectron, context).query = query;
  });
  return copy;
}

/** Instructions followed by what memory knows, the same text for every step of a run. */
export function memoryInstructions<Context = unknown>(
  base: Instructions<Context>,
  options: MemoryInstructionsOptions & QuestionOptions<Context>,
): (context: RunContext<Context>, agent: AnyAgent<Context>) => Promise<string> {
  const memory = recallOnly(options);
  let count = 0;
  return async (context, agent) => {
    const own = typeof base === "function" ? await base(context, agent) : base;
    const run = runMemory(options.spectron, context);
    const binding = bindingOf(options, context.context);
    // older versions of the SDK resume without a word of what was asked
    run.isResumed ??= run.query === undefined && context.usage.requests > 0;
    if (run.isResumed) run.query ??= await lastStored(memory, binding, options);
    const query = options.query === undefined ? run.query : options.query(context);
    const question = JSON.stringify([binding.scope, binding.session, query]);
    let block = run.blocks.get(question);
    if (block === undefined) {
      count += 1;
      block = recall(memory, binding, { query, anchor: `run-${count}` });
      run.blocks.set(question, block);
      // a failure is for this call alone
      block.catch(() => run.blocks.delete(question));
    }
    return joined(own, await block);
  };
}

/**
 * Puts memory into the instructions of every model call of a run, whichever agent makes it; agents used as tools make
 * runs of their own, without this filter.
 */
export function memoryInputFilter<Context = unknown>(
  options: MemoryInstructionsOptions,
  next?: CallModelInputFilter<Context>,
): CallModelInputFilter<Context> {
  const memory = recallOnly(options);
  return async (call) => {
    const modelData = next === undefined ? call.modelData : await next(call);
    const said = call.modelData.input.filter(isUserMessage);
    const block = await recall(memory, bindingOf(options, call.context), {
      query: lastUserText(said),
      anchor: placeOf(said),
    });
    const instructions = joined(modelData.instructions ?? "", block);
    return block === "" ? modelData : { ...modelData, instructions };
  };
}

const EVENTS = [
  "agent_start",
  "agent_end",
  "agent_handoff",
  "agent_tool_start",
  "agent_tool_end",
] as const;

/** Bound of reading the last question, and how far back it may stand: behind the steps of its own turn. */
const LAST_STORED_MS = 800;
const LOOKED_AT = 50;

function recallOnly(options: MemoryInstructionsOptions): AdapterMemory {
  return createAdapterMemory({ ...options, adapter: "openai-agents", store: "never" });
}

async function recall(
  memory: AdapterMemory,
  binding: MemoryBinding,
  question: { query: string | undefined; anchor: string },
): Promise<string> {
  const turn = memory.turn(binding, {
    inputs: [],
    store: false,
    query: question.query,
    queryAnchor: question.anchor,
  });
  const block = await turn.block;
  await turn.finish([]);
  return block;
}

/** What the user said last, as the service keeps it; a resumed run brings no input of its own. */
async function lastStored(
  memory: AdapterMemory,
  binding: MemoryBinding,
  options: MemoryInstructionsOptions,
): Promise<string | undefined> {
  if (options.recall === false) return undefined;
  const { timeoutMs = LAST_STORED_MS } = options.recall ?? {};
  const read = async (): Promise<string | undefined> => {
    const session = await memory.sessionId(binding);
    const page = { order: "desc", limit: LOOKED_AT } as const;
    const { turns } = await options.spectron.sessions.turns(session, page);
    return turns.find(({ role, remember }) => role === "user" && remember !== false)?.content;
  };
  try {
    return await sharedBreaker(options).run(read, timeoutMs);
  } catch (error) {
    if (options.failureMode === "throw") throw error;
    reportFailure(options, error, { operation: "recall" });
    return undefined;
  }
}

function bindingOf(options: MemoryInstructionsOptions, context: unknown): MemoryBinding {
  return {
    scope: fromContext(options.scope, context),
    session: fromContext(options.session, context),
  };
}

/** How often the user has spoken: the same words later on are a new question. */
function placeOf(said: readonly AgentInputItem[]): string {
  return `#${said.length}`;
}

function joined(own: string, block: string): string {
  return [own, block].filter((part) => part !== "").join("\n\n");
}
