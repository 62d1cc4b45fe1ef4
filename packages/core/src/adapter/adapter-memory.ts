import { withDeadline } from "../client/deadline.ts";
import { MemoryError, toMemoryError } from "../client/errors.ts";
import { createSessionBinder, requireBinding } from "./binding.ts";
import type { OnFailure, Ticket } from "./outbox.ts";
import { createRecall } from "./recall.ts";
import { sharedOf } from "./shared.ts";
import { withSpan } from "./telemetry.ts";
import { beginTurn, createBind } from "./turn.ts";
import type { TurnParts } from "./turn.ts";
import type {
  AdapterMemory,
  MemoryBinding,
  MemoryOptions,
  MessageSource,
  WriteUnitOptions,
} from "./types.ts";
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
      'Memory needs "spectron": pass what createSpectron() returned.',
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
  ): MemoryError => {
    const typed = toMemoryError(error);
    try {
      options.onError?.(typed, { operation, kept });
    } catch {
      // a failing error handler must not become the failure
    }
    return typed;
  };
  if (options.outbox?.spill !== undefined)
    outbox.attach(options.outbox.spill, {
      service: spectron.service.name,
      deliver,
      onFailure: (error, kept) => report(error, "store", kept),
    });

  const store = (
    binding: MemoryBinding,
    source: MessageSource,
    onFailure: OnFailure,
    more: WriteUnitOptions & { start?: Promise<unknown> } = {},
  ): Ticket => {
    const unit = { spectron, adapter, binding, source, deliver, onFailure };
    const added = addUnit(outbox, { ...more, ...unit });
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
    async write(requested, messages, more = {}) {
      const binding = requireBinding(requested);
      let isKept = false;
      // the caller hears the first outcome; what becomes of a kept unit later is reported
      const onFailure: OnFailure = (error, kept) => {
        if (isKept) report(error, "store", kept);
        isKept = kept;
      };
      const { first } = store(binding, messages, onFailure, more);
      const stored = await withDeadline(async () => first, {
        call: "The write",
        signal: more.signal,
      });
      return stored ?? { key: "", turnIds: [] };
    },
    pending: () => outbox.state(),
    sessionId: async (binding) => bindSession(requireBinding(binding)),
  };
}
