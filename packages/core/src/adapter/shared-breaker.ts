import type { Service } from "../client/service.ts";
import type { Spectron } from "../client/spectron.ts";
import { createBreaker } from "./breaker.ts";
import type { Breaker } from "./breaker.ts";
import type { OutboxOptions } from "./outbox-options.ts";
import { sharedOf } from "./shared.ts";

const transcripts: WeakMap<Service, Breaker> = /* @__PURE__ */ new WeakMap();

/** The breaker of recall, for what an adapter looks up by itself. */
export function sharedBreaker(options: {
  spectron: Spectron;
  outbox?: OutboxOptions | undefined;
}): Breaker {
  return sharedOf(options.spectron, options).breaker;
}

/**
 * The breaker of conversations that a service keeps. A recall that is slow must not take a conversation its history,
 * and what fails at once is asked again: only a conversation that hangs opens it.
 */
export function transcriptBreaker(options: { spectron: Spectron }): Breaker {
  const { service } = options.spectron;
  const breaker = transcripts.get(service) ?? createBreaker({ now: Date.now, codes: ["timeout"] });
  transcripts.set(service, breaker);
  return breaker;
}
