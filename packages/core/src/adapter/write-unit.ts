import type { MemoryError } from "../client/errors.ts";
import type { Spectron } from "../client/spectron.ts";
import { messageUnit, sha256 } from "../identity/key.ts";
import type { FactsBatchResponse, WireMessage } from "../protocol/types.ts";
import { bindingKey } from "./binding-key.ts";
import type { Deliver, OnFailure, Outbox, Ticket } from "./outbox.ts";
import type { OutboxRecord } from "./outbox-options.ts";
import type { MemoryBinding, MessageSource, TurnMessage } from "./types.ts";
import { toWire, withoutMemory } from "./wire-message.ts";

/** Where the units of one conversation queue. */
export function threadOf(binding: MemoryBinding): string {
  return `${binding.scope}\n${binding.session}`;
}

/** Makes one attempt at a record: its body is fixed first, and from then on the bytes stay. */
export function createDeliver(options: {
  spectron: Spectron;
  bindSession: (binding: MemoryBinding) => Promise<string>;
  /** Gives messages ids of their own, for units that may outlive the service's memory of keys. */
  ownIds: boolean;
}): Deliver {
  const { spectron, bindSession, ownIds } = options;

  const bodyOf = async (record: OutboxRecord): Promise<string | undefined> => {
    const session = await bindSession(record.binding);
    const announced = await spectron.capabilities();
    const keepsParts = announced.has("turn-parts");
    const messages: WireMessage[] = [];
    for (const message of record.messages ?? []) {
      // a service that does not know the field would learn from what is for the transcript alone
      if (message.remember === false && !keepsParts) continue;
      messages.push(
        toWire(
          message.id === undefined && ownIds ? { ...message, id: await ownId(message) } : message,
          { ids: announced.has("client-message-id"), parts: keepsParts },
        ),
      );
    }
    if (messages.length === 0) return undefined;
    return JSON.stringify({
      session_id: session,
      scopes: [[record.binding.scope]],
      messages,
    });
  };

  return async (record, attempt) => {
    let { body } = record;
    if (body === undefined) {
      body = await bodyOf(record);
      if (body === undefined) return [];
      await attempt.fix(body);
    }
    try {
      const answer = await spectron.send<FactsBatchResponse>({
        method: "POST",
        path: `${spectron.context}/facts/batch`,
        bodyText: body,
        idempotencyKey: record.key,
        // from the second attempt on, the outbox makes the pauses
        retries: attempt.number > 1 ? 0 : undefined,
      });
      return answer.turnIds ?? [];
    } catch (error) {
      // the key names place and words; what differs is beside them, such as the platform's own parts
      if ((error as MemoryError).code === "idempotency_mismatch") return [];
      throw error;
    }
  };
}

/** Puts one unit of a thread into the outbox. */
export function addUnit(
  outbox: Outbox,
  unit: {
    spectron: Spectron;
    adapter: string;
    binding: MemoryBinding;
    source: MessageSource;
    /** What goes before the work of this unit, though not before its place in the queue. */
    start?: Promise<unknown> | undefined;
    deliver: Deliver;
    onFailure: OnFailure;
  },
): Ticket {
  const { binding, source, start } = unit;
  const thread = threadOf(binding);
  const isLate = typeof source === "function";
  return outbox.add({
    thread,
    bytes: isLate ? 0 : JSON.stringify(source).length,
    // what a turn says is known; other writes may ask for what is stored before them
    early: !(isLate && !start),
    deliver: unit.deliver,
    onFailure: unit.onFailure,
    async make(id) {
      await start;
      const messages = withoutMemory(isLate ? await source() : source);
      if (messages.length === 0) return undefined;
      const units = messages.map(async (item) => messageUnit(item.anchor, item));
      const key = await bindingKey(unit, binding, "batch", await Promise.all(units));
      return { id, thread, key, binding, messages };
    },
  });
}

async function ownId(message: TurnMessage): Promise<string> {
  return `u-${(await sha256(await messageUnit(message.anchor, message))).slice(0, 22)}`;
}
