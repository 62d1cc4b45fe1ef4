import { MemoryError } from "./errors.ts";
import type { ReadOptions, WriteOptions } from "./options.ts";
import type { Send, SendRequest } from "./send.ts";

type More = Partial<
  Pick<SendRequest, "method" | "query" | "repeatable" | "field" | "accept" | "isUnread">
>;

/** Calls of one context by route, such as `sessions/{id}/turns`; `ids` fill the braces in order. */
export interface Calls {
  readonly get: <Body>(
    route: string,
    ids?: readonly string[],
    query?: object,
    options?: ReadOptions & More,
  ) => Promise<Body>;
  readonly post: <Body>(
    route: string,
    ids?: readonly string[],
    body?: unknown,
    options?: WriteOptions & More,
  ) => Promise<Body>;
  readonly remove: (
    route: string,
    ids?: readonly string[],
    query?: object,
    options?: WriteOptions,
  ) => Promise<void>;
}

export function createCalls(send: Send, context: string): Calls {
  const at = (route: string, ids: readonly string[] = []): { path: string; route: string } => {
    const rest = [...ids];
    const path = route.replaceAll(/\{\w+\}/g, () => segment(rest.shift() ?? "", route));
    return { path: `${context}/${path}`, route };
  };
  return {
    get: async (route, ids, query, options) =>
      send({ method: "GET", ...at(route, ids), query, ...options }),
    post: async (route, ids, body, options) =>
      send({ method: "POST", ...at(route, ids), body, ...options }),
    remove: async (route, ids, query, options) => {
      await send({ method: "DELETE", ...at(route, ids), query, ...options });
    },
  };
}

/** One encoded path segment; a URL resolves dots away, so they would reach another route. */
function segment(id: string, route: string): string {
  if (typeof id !== "string" || /^\.{0,2}$/.test(id) || !id.isWellFormed())
    throw new MemoryError(
      "validation",
      `${route}: an id is well-formed text other than "", "." and "..".`,
    );
  return encodeURIComponent(id);
}
