import type {
  EntitiesResponse,
  EntityFilter,
  EntityResponse,
  HistoryResponse,
} from "../protocol/reads.ts";
import type { ListPage, ScopeSets, TimeFilter } from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import type { ReadOptions, WriteOptions } from "./options.ts";

export interface Entities {
  /** By type, then by name. */
  list(filter?: EntityFilter & ListPage, options?: ReadOptions): Promise<EntitiesResponse>;
  get(
    type: string,
    name: string,
    filter?: TimeFilter & { lens?: ScopeSets | undefined },
    options?: ReadOptions,
  ): Promise<EntityResponse>;
  /** Closes the entity, its attributes and its relations. */
  delete(type: string, name: string, options?: WriteOptions): Promise<void>;
  /** Every value of one attribute, newest first, the live one included. */
  history(
    type: string,
    name: string,
    key: string,
    filter?: TimeFilter & { lens?: ScopeSets | undefined },
    options?: ReadOptions,
  ): Promise<HistoryResponse>;
}

export function createEntities({ get, remove }: Calls): Entities {
  return {
    list: async (filter = {}, options) => get("entities", [], filter, options),
    get: async (type, name, filter = {}, options) =>
      get("entities/{type}/{name}", [type, name], filter, options),
    delete: async (type, name, options) =>
      remove("entities/{type}/{name}", [type, name], {}, options),
    history: async (type, name, key, filter = {}, options) =>
      get("entities/{type}/{name}/history/{key}", [type, name, key], filter, options),
  };
}
