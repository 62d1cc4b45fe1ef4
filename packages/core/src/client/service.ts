import type { ResolvedOptions } from "./options.ts";

/** One service as one principal sees it; handles made with equal options share the object. */
export interface Service {
  /** Address, context and principal, without the key. */
  readonly name: string;
  /** What the console was told of it. */
  readonly warned: Set<string>;
}

/** Most services of one transport that are told apart; what falls out only stops being shared. */
const MOST = 1000;

const byTransport: WeakMap<object, Map<string, Service>> = /* @__PURE__ */ new WeakMap();

/** Finds the service that a handle talks to: same transport, address, context and credentials. */
export function internService(
  options: Pick<ResolvedOptions, "base" | "context" | "apiKey" | "onBehalfOf">,
  transport: object,
): Service {
  const services = byTransport.get(transport) ?? new Map<string, Service>();
  byTransport.set(transport, services);
  const name = JSON.stringify([options.base.href, options.context, options.onBehalfOf ?? null]);
  const identity = `${name}\n${options.apiKey ?? ""}`;
  const service = services.get(identity) ?? { name, warned: new Set() };
  services.set(identity, service);
  if (services.size > MOST) services.delete(services.keys().next().value ?? "");
  return service;
}
