import type {
  EffectiveGrants,
  GrantRequest,
  Principal,
  PrincipalCreateRequest,
  PrincipalsResponse,
} from "../protocol/access.ts";
import type { IsoTime, ListPage } from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import { listed } from "./listed.ts";
import type { ReadOptions, WriteOptions } from "./options.ts";

export interface Principals {
  list(page?: ListPage, options?: ReadOptions): Promise<PrincipalsResponse>;
  get(id: string, options?: ReadOptions): Promise<Principal>;
  /** A new principal; with an `externalId` the one that has it already. */
  create(request: PrincipalCreateRequest, options?: WriteOptions): Promise<Principal>;
  /** What the principal may do at a path. */
  effective(
    id: string,
    filter: { path: string; asOf?: IsoTime | undefined },
    options?: ReadOptions,
  ): Promise<EffectiveGrants>;
  grant(id: string, request: GrantRequest, options?: WriteOptions): Promise<Principal>;
  revoke(id: string, request: GrantRequest, options?: WriteOptions): Promise<Principal>;
}

export function createPrincipals({ get, post }: Calls): Principals {
  const grants = "principals/{id}/grants";
  return {
    list: async (page = {}, options) =>
      listed(await get("principals", [], page, options), "principals"),
    get: async (id, options) => get("principals/{id}", [id], {}, options),
    create: async (request, options) => post("principals", [], request, options),
    effective: async (id, filter, options) =>
      get("principals/{id}/effective", [id], filter, options),
    grant: async (id, request, options) => post(grants, [id], request, options),
    revoke: async (id, request, options) =>
      post(grants, [id], request, { ...options, method: "DELETE" }),
  };
}
