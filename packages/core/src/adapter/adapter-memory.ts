import { MemoryError } from "../client/errors.ts";
import { createSessionBinder, requireBinding } from "./binding.ts";
import type { OnFailure, Ticket } from "./outbox.ts";
import { createRecall } from "./recall.ts";
import { reportFailure } from "./report-failure.ts";
import { sharedOf } from "./shared.ts";
import { withSpan } from "./telemetry.ts";
import { beginTurn, createBind } from "./turn.ts";
import type { TurnParts } from "./turn.ts";
import type { AdapterMemory, MemoryBinding, MemoryOptions, MessageSource } from "./types.ts";
import { addUnit, createDeliver } from "./write-unit.ts";

export interface AdapterMemoryOptions extends MemoryOptions {
  /** Name of the adapter in keys: small letters, digits and `-`. */
  adapter: string;
  /** Clock of the breaker, milliseconds. @default Date.now */
  now?: (() => number) | undefined;
}

/** What the three framework adapters share: recall once a turn, store inputs and outputs exactly once, never in the way. */
export function createAdapterMemory(options: AdapterMemoryOptions): AdapterMemory {
  const { spectron, adapter, tracer } = options;
  if (typeof spectron !== "object" || spectron === null)
    throw new MemoryError(
      "configuration",
      'Memory needs "spectron", what createSpectron() returned.',
    );
  const shared = sharedOf(spectron, options);
  const { outbox } = shared;
  const bindSession = createSessionBinder(options);
  const deliver = createDeliver({
    spectron,
    bindSession,
    ownIds: options.outbox?.spill !== undefined,
  });
  const recaller = createRecall({ spectron, shared, settings: options.recall || {}, tracer });
  const report = (
    error: unknown,
    operation: "recall" | "store" | "bind",
    kept?: boolean,
  ): MemoryError => reportFailure(options, error, { operation, kept });
  const reportStore: OnFailure = (error, kept) => report(error, "store", kept);
  if (options.outbox?.spill !== undefined)
    outbox.attach(options.outbox.spill, {
      service: spectron.service.name,
      deliver,
      onFailure: reportStore,
    });

  const store = (
    binding: MemoryBinding,
    source: MessageSource,
    onFailure: OnFailure,
    start?: Promise<unknown>,
  ): Ticket => {
    const added = addUnit(outbox, {
      spectron,
      adapter,
      binding,
      source,
      start,
      deliver,
      onFailure,
    });
    withSpan(tracer, "spectron.store", async (span) => {
      span?.setAttribute("spectron.adapter", adapter);
      const stored = await added.final;
      span?.setAttribute("spectron.turns", stored?.turnIds.length ?? 0);
    }).catch(() => undefined);
    options.waitUntil?.(added.final.catch(() => undefined));
    return added;
  };

  const turnParts: TurnParts = {
    options,
    recaller,
    outbox,
    store,
    report,
    bind: createBind(report, options.failureMode === "throw"),
  };

  return {
    turn: (binding, input) => beginTurn(turnParts, binding, input),
    async write(requested, messages) {
      await store(requireBinding(requested), messages, reportStore).first;
    },
    sessionId: async (binding) => bindSession(requireBinding(binding)),
  };
}
