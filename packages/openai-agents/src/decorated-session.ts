import {
  createAdapterMemory,
  idAnchor,
  ordinalAnchor,
  reportFailure,
} from "@spectron/core/adapter";
import type { TurnMessage } from "@spectron/core/adapter";
import type {
  AgentInputItem,
  RunContext,
  Session,
  SessionHistoryTransactionArgs,
} from "@openai/agents";
import { toEntries } from "./entries.ts";
import { callKey, isUserMessage, lastUserText } from "./messages.ts";
import { fromContext } from "./options.ts";
import type { DecoratedSessionOptions } from "./options.ts";
import { runMemory } from "./run-memory.ts";

/** Every method a session may have, as it is called. */
type Methods = Record<string, (...args: never[]) => unknown>;

/** Stores memory beside a session that keeps the items; whatever that session can do, the decorated one can. */
export function decorateSession<Inner extends Session>(
  inner: Inner,
  options: DecoratedSessionOptions<Inner>,
): Inner {
  const { spectron } = options;
  const memory = createAdapterMemory({ ...options, adapter: "openai-agents" });
  const includeTools = options.tools?.include ?? [];
  const accepts = (inner as { acceptsRunContext?: boolean }).acceptsRunContext === true;
  const throws = options.failureMode === "throw";
  let cleared: AgentInputItem[] | undefined;

  const call = async <Value>(
    name: keyof Inner,
    args: unknown[],
    context?: RunContext,
  ): Promise<Value> => {
    const method = inner[name] as (...args: unknown[]) => Value | Promise<Value>;
    return method.apply(inner, accepts && context !== undefined ? [...args, context] : args);
  };
  const readAll = async (context?: RunContext): Promise<AgentInputItem[]> =>
    accepts && context !== undefined
      ? call("getItems", [undefined], context)
      : call("getItems", []);

  /** Memory must not be in the way of the session that it is stored beside. */
  const guarded = async <Value>(work: () => Promise<Value>): Promise<Value | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (throws) throw error;
      reportFailure(options, error, { operation: "store" });
      return undefined;
    }
  };

  const remember = async (
    items: readonly AgentInputItem[],
    before: readonly AgentInputItem[] | undefined,
    context: RunContext | undefined,
    operationId?: string,
  ): Promise<void> => {
    const wasCleared = cleared;
    cleared = undefined;
    const silent = context !== undefined && runMemory(spectron, context).silent === true;
    if (before === undefined || silent || options.store === "never") return;
    const history = {
      async *newestFirst(): AsyncGenerator<{ position: number; item: AgentInputItem }> {
        for (let position = before.length - 1; position >= 0; position -= 1)
          yield { position, item: before[position] as AgentInputItem };
      },
      cleared: async () => wasCleared,
    };
    await guarded(async () => {
      const entries = await toEntries(items, history, { includeTools, remember: true });
      const messages = entries.map(({ item, message, remember: told }, index) =>
        message === undefined || told === false
          ? []
          : [{ ...message, anchor: anchorOf(item, before.length + index, operationId) }],
      );
      const answer = items.findIndex((item) => !isUserMessage(item));
      const split = answer === -1 ? items.length : answer;
      await store(messages.slice(0, split).flat(), messages.slice(split).flat(), context);
    });
  };

  const store = async (
    inputs: TurnMessage[],
    outputs: TurnMessage[],
    context: RunContext | undefined,
  ): Promise<void> => {
    if (inputs.length === 0 && outputs.length === 0) return;
    const binding = {
      scope: fromContext(options.scope, context?.context),
      session: options.session,
    };
    const turn = memory.turn(binding, { inputs, recall: false });
    await turn.finish(outputs);
  };

  /** Adds in the inner session first: what it refuses is its own error and nothing to remember. */
  const add = async (
    items: AgentInputItem[],
    context: RunContext | undefined,
    adding: () => Promise<unknown>,
    operationId?: string,
  ): Promise<void> => {
    const before = items.length === 0 ? undefined : await guarded(async () => readAll(context));
    await adding();
    await remember(items, before, context, operationId);
  };

  const own: Methods = {
    async getItems(limit: number | undefined, context?: RunContext) {
      const items = await call<AgentInputItem[]>("getItems", [limit], context);
      if (context !== undefined) runMemory(spectron, context).query ??= lastUserText(items);
      return items;
    },
    async addItems(items: AgentInputItem[], context?: RunContext) {
      await add(items, context, async () => call("addItems", [items], context));
    },
    async addItemsWithCompactionOwnership(
      items: AgentInputItem[],
      ownership: object | null,
      context?: RunContext,
    ) {
      const adding = async (): Promise<void> =>
        (
          inner as unknown as {
            addItemsWithCompactionOwnership: (...args: unknown[]) => Promise<void>;
          }
        ).addItemsWithCompactionOwnership(items, ownership, context);
      await add(items, context, adding);
    },
    async applyHistoryTransaction(args: SessionHistoryTransactionArgs, context?: RunContext) {
      const { transaction, operationId } = args;
      const replaced =
        transaction.type === "replace_suffix"
          ? new Set(transaction.expectedSuffix.map((item) => JSON.stringify(item)))
          : new Set<string>();
      const items =
        transaction.type === "replace_suffix" ? transaction.replacement : transaction.items;
      const fresh = items.filter((item) => !replaced.has(JSON.stringify(item)));
      const adding = async (): Promise<unknown> =>
        call("applyHistoryTransaction" as keyof Inner, [args], context);
      await add(fresh, context, adding, operationId);
    },
    popItem: async (context?: RunContext) => call("popItem", [], context),
    async clearSession(context?: RunContext) {
      const before = await guarded(async () => readAll(context));
      await call("clearSession", [], context);
      cleared = before;
    },
    replaceHistoryWithCompaction: async (items: AgentInputItem[], context?: RunContext) =>
      call("replaceHistoryWithCompaction" as keyof Inner, [items], context),
  };

  // an object of its own below the proxy: a frozen session would not let its methods be replaced
  return new Proxy(Object.create(inner) as Inner, {
    get(_, property) {
      // the context is ours to look at, and goes on to a session that asks for it
      if (property === "acceptsRunContext") return true;
      const value: unknown = Reflect.get(inner, property, inner);
      if (typeof value !== "function" || property === "constructor") return value;
      if (typeof property === "string" && Object.hasOwn(own, property)) return own[property];
      return value.bind(inner) as unknown;
    },
    has: (_, property) => property === "acceptsRunContext" || Reflect.has(inner, property),
    set: (_, property, value) => Reflect.set(inner, property, value, inner),
  });
}

/** Where a message stands: its own id, the operation that stored it, or its place in the stored history. */
function anchorOf(item: AgentInputItem, position: number, operationId: string | undefined): string {
  const id = (item as { id?: string }).id ?? callKey(item);
  if (id !== undefined) return idAnchor(id);
  return operationId === undefined
    ? ordinalAnchor(position)
    : idAnchor(`${operationId}#${position}`);
}
