import type { Caller, KeyRecord } from "@spectron/engine";

/** The one key of a test's context. */
export const KEY: KeyRecord = {
  context: "dev",
  principal: "p",
  name: "k",
  hash: "none",
  displayName: "p",
  principalKind: "service",
  grants: {},
  keyGrants: null,
  expiresAt: null,
};

/** Who asks with it, and may do everything. */
export const CALLER: Caller = {
  context: KEY.context,
  principal: KEY.principal,
  read: ["/*"],
  write: ["/*"],
  forget: ["/*"],
  manage: ["/*"],
};
