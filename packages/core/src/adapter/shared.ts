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

/** Pause after an outage before one probe is let through. */
const BREAKER_PAUSE_MS = 30_000;

const byService: WeakMap<Service, Shared> = /* @__PURE__ */ new WeakMap();

/** The breaker of recall, for an adapter's own reads and writes of the service. */
export function sharedBreaker(options: {
  spectron: Spectron;
  outbox?: OutboxOptions | undefined;
}): Breaker {
  return sharedOf(options.spectron, options).breaker;
}

/** One outbox and one breaker for each service: threads keep their order, and an outage is waited for once. */
export function sharedOf(
  spectron: Spectron,
  options: { outbox?: OutboxOptions | undefined; now?: (() => number) | undefined } = {},
): Shared {
  const { now = Date.now } = options;
  const shared = byService.get(spectron.service) ?? {
    outbox: createOutbox({ ...options.outbox, now }),
    breaker: createBreaker({ pauseMs: BREAKER_PAUSE_MS, now }),
    forgotten: 0,
  };
  byService.set(spectron.service, shared);
  spectron.drainables.add(shared.outbox);
  return shared;
}
