import type { Service } from "../client/service.ts";
import type { Spectron } from "../client/spectron.ts";
import { createBreaker } from "./breaker.ts";
import type { Breaker } from "./breaker.ts";
import { createOutbox } from "./outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxOptions } from "./outbox-options.ts";

/** What all adapters on one service have in common, whichever handle they were given. */
export interface Shared {
  outbox: Outbox;
  breaker: Breaker;
  /** Counts what was forgotten; an answer recalled before is not shown again. */
  forgotten: number;
}

const byService: WeakMap<Service, Shared> = /* @__PURE__ */ new WeakMap();

/** One outbox and one breaker for each service: threads keep their order, and an outage is waited for once. */
export function sharedOf(
  spectron: Spectron,
  options: { outbox?: OutboxOptions | undefined; now?: (() => number) | undefined } = {},
): Shared {
  const { now = Date.now } = options;
  const shared = byService.get(spectron.service) ?? {
    outbox: createOutbox({ ...options.outbox, now }),
    breaker: createBreaker({ now }),
    forgotten: 0,
  };
  byService.set(spectron.service, shared);
  spectron.drainables.add(shared.outbox);
  return shared;
}
