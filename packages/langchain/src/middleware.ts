import { createAdapterMemory, turnDigest } from "@spectron/core/adapter";
import type { MemoryBinding, TurnMessage } from "@spectron/core/adapter";
import { SystemMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { createMiddleware } from "langchain";
import type { AgentMiddleware } from "langchain";
import { z } from "zod";
import { lastQuestion, toTurnMessage } from "./messages.ts";
import type { FromRuntime, MemoryMiddlewareOptions, MemoryRuntime } from "./options.ts";

/** Private agent state: what has been handed to memory, as `anchor:digest`. */
const stateSchema = z.object({ _spectronCursor: z.array(z.string()).default([]) });

interface AgentState {
  messages: BaseMessage[];
  _spectronCursor?: string[] | undefined;
}

/** Most entries of the cursor; older ones are of messages that no run shows again. */
const CURSOR = 2000;

/**
 * Memory for `createAgent`: recalls into the system message of each model call, remembers what the run added.
 * The user's message is handed over before the model runs, so an abort keeps it.
 */
export function memoryMiddleware(options: MemoryMiddlewareOptions): AgentMiddleware {
  const memory = createAdapterMemory({ ...options, adapter: "langchain" });
  const includeTools = options.tools?.include ?? [];
  const store = (options.store ?? "always") !== "never";

  const bind = (runtime: MemoryRuntime): MemoryBinding => ({
    scope: read(options.scope, runtime) ?? "",
    session: read(options.session ?? threadOf, runtime) ?? "",
  });
  const skips = (runtime: MemoryRuntime): boolean => {
    const namespace = runtime.configurable?.["checkpoint_ns"];
    // an agent inside a tool inherits the thread id; its question is not the user's
    return (
      options.includeSubagents !== true && typeof namespace === "string" && namespace.includes("|")
    );
  };

  return createMiddleware({
    name: "SpectronMemory",
    stateSchema,
    async beforeAgent(state: AgentState, runtime) {
      if (skips(runtime)) return undefined;
      const { known, fresh } = await split(state, includeTools, true);
      memory.turn(bind(runtime), {
        inputs: fresh.map((item) => item.message),
        ...lastQuestion(state.messages),
        store,
      });
      return { _spectronCursor: [...known, ...fresh.map((item) => item.mark)].slice(-CURSOR) };
    },
    async wrapModelCall(request, handler) {
      const runtime: MemoryRuntime = request.runtime;
      if (skips(runtime)) return handler(request);
      const turn = memory.turn(bind(runtime), {
        inputs: [],
        ...lastQuestion(request.messages),
        store: false,
        ...(runtime.signal === undefined ? {} : { signal: runtime.signal }),
      });
      const block = await turn.block;
      if (block === "") return handler(request);
      const own = request.systemMessage.text;
      return handler({
        ...request,
        systemMessage: new SystemMessage(own === "" ? block : `${own}\n\n${block}`),
      });
    },
    async afterAgent(state: AgentState, runtime) {
      if (skips(runtime)) return undefined;
      const { known, fresh } = await split(state, includeTools, false);
      if (fresh.length === 0) return undefined;
      const turn = memory.turn(bind(runtime), { inputs: [], store, recall: false });
      await turn.finish(fresh.map((item) => item.message));
      return { _spectronCursor: [...known, ...fresh.map((item) => item.mark)].slice(-CURSOR) };
    },
  }) as AgentMiddleware;
}

interface Marked {
  message: TurnMessage;
  mark: string;
}

/**
 * What memory has not been given yet. At the start of a run whatever stands before the last answer counts as known:
 * without a checkpointer the application passes the whole history again.
 */
async function split(
  state: AgentState,
  includeTools: readonly string[],
  atStart: boolean,
): Promise<{ known: string[]; fresh: Marked[] }> {
  const cursor = new Set(state._spectronCursor ?? []);
  const lastAnswer = atStart
    ? state.messages.findLastIndex((message) => message.getType() === "ai")
    : -1;
  const known = [...cursor];
  const fresh: Marked[] = [];
  for (const [index, original] of state.messages.entries()) {
    const message = toTurnMessage(original, index, includeTools);
    if (message === undefined) continue;
    const mark = `${message.anchor}:${await turnDigest(message)}`;
    if (cursor.has(mark)) continue;
    if (index <= lastAnswer) known.push(mark);
    else fresh.push({ message, mark });
  }
  return { known, fresh };
}

function read(source: FromRuntime, runtime: MemoryRuntime): string | undefined {
  return typeof source === "function" ? source(runtime) : source;
}

function threadOf(runtime: MemoryRuntime): string | undefined {
  return runtime.configurable?.thread_id;
}
