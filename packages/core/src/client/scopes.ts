import type { ScopeNode, ScopeRegisterRequest, ScopesResponse } from "../protocol/access.ts";
import type { ListPage } from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import { listed } from "./listed.ts";
import type { ReadOptions, WriteOptions } from "./options.ts";

export interface Scopes {
  /** The registered nodes under some grant of the key. */
  list(page?: ListPage, options?: ReadOptions): Promise<ScopesResponse>;
  /** Registers a path and its ancestors; one that exists stays as it is. */
  register(request: ScopeRegisterRequest, options?: WriteOptions): Promise<ScopeNode>;
  /** Ends a node; what was stored in it stays. */
  delete(path: string, options?: WriteOptions): Promise<void>;
  /** Erases everything stored at the path and below. */
  forget(path: string, options?: WriteOptions): Promise<{ forgotten: number }>;
}

export function createScopes({ get, post, remove }: Calls): Scopes {
  return {
    list: async (page = {}, options) => listed(await get("scopes", [], page, options), "scopes"),
    register: async (request, options) => post("scopes", [], request, options),
    delete: async (path, options) => remove("scopes", [], { path }, options),
    forget: async (path, options) => post("scopes/forget", [], { path }, options),
  };
}
