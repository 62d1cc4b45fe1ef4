import type { KeyMintRequest, KeysResponse, MintedKey } from "../protocol/access.ts";
import type { ListPage } from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import { listed } from "./listed.ts";
import type { ReadOptions, WriteOptions } from "./options.ts";

export interface Keys {
  /** The caller's own keys; all of them for who manages grants over everything. */
  list(page?: ListPage, options?: ReadOptions): Promise<KeysResponse>;
  /** A new key; its secret is in this answer and nowhere else. */
  mint(
    request?: KeyMintRequest,
    options?: WriteOptions & { ttlSeconds?: number | undefined },
  ): Promise<MintedKey>;
  /** A new secret for the same key; the old one ends at once. */
  rotate(
    name: string,
    options?: WriteOptions & { ttlSeconds?: number | undefined },
  ): Promise<MintedKey>;
  delete(name: string, options?: WriteOptions): Promise<void>;
}

export function createKeys({ get, post, remove }: Calls): Keys {
  return {
    list: async (page = {}, options) => listed(await get("keys", [], page, options), "keys"),
    mint: async (request, { ttlSeconds, ...options } = {}) =>
      post("keys", [], request, { ...options, query: { ttlSeconds } }),
    rotate: async (name, { ttlSeconds, ...options } = {}) =>
      post("keys/{name}/rotate", [name], undefined, { ...options, query: { ttlSeconds } }),
    delete: async (name, options) => remove("keys/{name}", [name], {}, options),
  };
}
