import { createAdapterMemory } from "@spectron/core/adapter";
import type { MemoryBinding, MemoryTurn } from "@spectron/core/adapter";
import type { BaseMessage } from "@langchain/core/messages";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { createMiddleware } from "langchain";
import type { AgentMiddleware } from "langchain";
import { z } from "zod";
import { markMessages, placeMessages, placePartial, startOf, unitsOf } from "./cursor.ts";
import type { Marked } from "./cursor.ts";
import { lastQuestion } from "./messages.ts";
import { readSource } from "./options.ts";
import type { MemoryMiddlewareOptions, MemoryRuntime } from "./options.ts";
import { createOpenTurns } from "./open-turns.ts";
import { hearAnswer } from "./partial-answer.ts";
import { withMemoryBlock } from "./system-message.ts";

/** Private agent state: marks of what has been handed to memory, as far as it still stands in the state. */
const stateSchema = z.object({ _spectronCursor: z.array(z.string()).default([]) });

interface AgentState {
  messages: BaseMessage[];
  _spectronCursor?: string[] | undefined;
}

/**
 * Memory for `createAgent`: recalls into the system message of each model call, remembers what the run added.
 * The user's message is handed over before the model runs, so an abort keeps it; an answer when the run reaches its end.
 */
export function memoryMiddleware(options: MemoryMiddlewareOptions): AgentMiddleware {
  const memory = createAdapterMemory({ ...options, adapter: "langchain" });
  const includeTools = options.tools?.include ?? [];
  const turns = createOpenTurns();

  const bind = (runtime: MemoryRuntime): MemoryBinding => ({
    scope: readSource(options.scope, runtime) ?? "",
    session: readSource(options.session ?? threadOf, runtime) ?? "",
  });
  const skips = (runtime: MemoryRuntime): boolean =>
    options.includeSubagents !== true && runsInsideAnotherGraph(runtime);
  const keepsIds = (runtime: MemoryRuntime): boolean =>
    options.stableMessageIds ?? hasCheckpointer(runtime);

  /** Stores whole units; the last one closes the turn that it belongs to. */
  const storeAnswers = async (
    binding: MemoryBinding,
    fresh: readonly Marked[],
    all: readonly Marked[],
    runtime: MemoryRuntime,
    open?: MemoryTurn,
  ): Promise<void> => {
    const units = unitsOf(fresh);
    for (const [index, unit] of units.entries()) {
      const isLast = index === units.length - 1;
      const turn =
        isLast && open !== undefined ? open : memory.turn(binding, { inputs: [], recall: false });
      await turn.finish(await placeMessages(unit, all, keepsIds(runtime)));
    }
    if (units.length === 0) await open?.finish([]);
  };

  return createMiddleware({
    name: "SpectronMemory",
    stateSchema,
    async beforeAgent(state: AgentState, hook: MemoryRuntime) {
      const runtime = withConfig(hook);
      if (skips(runtime)) return undefined;
      const all = markMessages(state.messages, includeTools);
      const { leftover, inputs } = startOf(all, state.messages, new Set(state._spectronCursor));
      const binding = bind(runtime);
      await storeAnswers(binding, leftover, all, runtime);
      const question = lastQuestion(state.messages);
      const placed = await placeMessages(inputs, all, keepsIds(runtime));
      turns.open(binding, question.queryAnchor, () =>
        memory.turn(binding, { inputs: placed, ...question, signal: runtime.signal }),
      );
      return { _spectronCursor: all.map((item) => item.mark) };
    },
    async wrapModelCall(request, handler) {
      const runtime = withConfig(request.runtime);
      if (skips(runtime)) return handler(request);
      const binding = bind(runtime);
      const question = lastQuestion(request.messages);
      // a run that goes on in another process has no open turn here
      const turn = turns.find(binding, question.queryAnchor, () =>
        memory.turn(binding, { inputs: [], ...question, signal: runtime.signal }),
      );
      const prompted = withMemoryBlock(request, await turn.block);
      const heard =
        options.storeIncomplete === true
          ? hearAnswer(async () => handler(prompted))
          : { result: handler(prompted), text: () => "" };
      try {
        return await heard.result;
      } catch (error) {
        if (runtime.signal?.aborted === true)
          turns.end(binding)?.abort(placePartial(heard.text(), request.messages, includeTools));
        throw error;
      }
    },
    async afterAgent(state: AgentState, hook: MemoryRuntime) {
      const runtime = withConfig(hook);
      if (skips(runtime)) return undefined;
      const binding = bind(runtime);
      const known = new Set(state._spectronCursor);
      const all = markMessages(state.messages, includeTools);
      const fresh = all.filter((item) => !known.has(item.mark));
      const turn = turns.end(binding) ?? memory.turn(binding, { inputs: [], recall: false });
      await storeAnswers(binding, fresh, all, runtime, turn);
      return { _spectronCursor: all.map((item) => item.mark) };
    },
  }) as AgentMiddleware;
}

/**
 * Hooks see of the context only what a middleware's own schema names, and older ones nothing of the config; the
 * framework's async context knows the whole config of the run.
 */
function withConfig(hook: MemoryRuntime): MemoryRuntime {
  const config = AsyncLocalStorageProviderSingleton.getRunnableConfig() as
    | MemoryRuntime
    | undefined;
  return {
    context: (config?.context ?? hook.context) as unknown,
    configurable: hook.configurable ?? config?.configurable,
    signal: hook.signal ?? config?.signal,
  };
}

function threadOf(runtime: MemoryRuntime): string | undefined {
  return runtime.configurable?.thread_id;
}

/** An agent inside a tool inherits the thread id; its question is not the user's. */
function runsInsideAnotherGraph(runtime: MemoryRuntime): boolean {
  const namespace = runtime.configurable?.["checkpoint_ns"];
  return typeof namespace === "string" && namespace.includes("|");
}

/** Without this internal field ids count as made up, which costs revisions by id and nothing else. */
function hasCheckpointer(runtime: MemoryRuntime): boolean {
  return Boolean(runtime.configurable?.["__pregel_checkpointer"]);
}
