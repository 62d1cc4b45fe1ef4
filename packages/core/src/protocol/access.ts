// Wire shapes of authority: scopes, principals and keys (contract 7.18, 7.19).

import type { IsoTime, PageInfo } from "./types.ts";

/** Paths by verb, such as `{ "memory:read": ["org/acme/*"] }`. */
export type Grants = Record<string, string[]>;

export interface ScopeNode {
  path: string;
  createdAt: IsoTime;
  tombstonedAt?: IsoTime | null | undefined;
}

export interface ScopesResponse {
  scopes: ScopeNode[];
  page: PageInfo;
}

export interface ScopeRegisterRequest {
  path: string;
  displayName?: string | undefined;
  description?: string | undefined;
}

export interface Principal {
  id: string;
  displayName: string;
  /** `human`, `agent`, `service` or `unknown`; never decides access. */
  kind: string;
  grants: Grants;
}

export interface PrincipalsResponse {
  principals: Principal[];
  page: PageInfo;
}

export interface PrincipalCreateRequest {
  displayName: string;
  kind?: string | undefined;
  externalId?: string | undefined;
  grants?: Grants | undefined;
}

export interface GrantRequest {
  /** A path, or a pattern that ends in `/*`. */
  path: string;
  verbs: string[];
}

export interface EffectiveGrants {
  path: string;
  verbs: string[];
  asOf?: IsoTime | null | undefined;
}

export interface KeyDetail {
  id: string;
  name: string;
  createdAt: IsoTime;
  grants?: Grants | null | undefined;
  lastUsedAt?: IsoTime | null | undefined;
  validUntil?: IsoTime | null | undefined;
}

export interface KeysResponse {
  keys: KeyDetail[];
  page: PageInfo;
}

export interface KeyMintRequest {
  name?: string | undefined;
  /** What the key may do of what its principal may. */
  grants?: Grants | undefined;
}

export interface MintedKey {
  id: string;
  /** The secret, shown this once. */
  key: string;
  validUntil?: IsoTime | null | undefined;
}
