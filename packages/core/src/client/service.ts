import type { ResolvedOptions } from "./options.ts";

/** One service as one principal sees it; handles made with equal options share the object. */
export interface Service {
  /** Address, context and principal, without the key. */
  readonly name: string;
}

/** Most services of one transport that are told apart; what falls out only stops being shared. */
const MOST = 1000;

const byTransport: WeakMap<object, Map<string, Service>> = /* @__PURE__ */ new WeakMap();

/** Finds the service that a handle talks to: same transport, address, context and credentials. */
export function internService(
  options: Pick<ResolvedOptions, "base" | "context" | "apiKey" | "onBehalfOf">,
  transport: object,
): Service {
  let services = byTransport.get(transport);
  if (services === undefined) byTransport.set(transport, (services = new Map()));
  const name = JSON.stringify([options.base.href, options.context, options.onBehalfOf ?? null]);
  const identity = `${name}\n${options.apiKey ?? ""}`;
  const known = services.get(identity);
  if (known !== undefined) return known;
  const made: Service = { name };
  services.set(identity, made);
  if (services.size > MOST) services.delete(services.keys().next().value ?? "");
  return made;
}
