import { createCalls } from "./calls.ts";
import { createEntities } from "./entities.ts";
import type { Entities } from "./entities.ts";
import { createInspect } from "./inspect.ts";
import type { Inspect } from "./inspect.ts";
import { createKeys } from "./keys.ts";
import type { Keys } from "./keys.ts";
import { createLifecycle } from "./lifecycle.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { createPrincipals } from "./principals.ts";
import type { Principals } from "./principals.ts";
import { createQuarantine } from "./quarantine.ts";
import type { Quarantine } from "./quarantine.ts";
import { whereServed } from "./served.ts";
import { createScopes } from "./scopes.ts";
import type { Scopes } from "./scopes.ts";
import type { Spectron } from "./spectron.ts";
import { createAudit, createTraces } from "./traces.ts";
import type { Audit, Traces } from "./traces.ts";

/** What explains and looks after a memory: kept apart, so that applications that only remember stay small. */
export interface Admin {
  readonly entities: Entities;
  readonly inspect: Inspect;
  readonly traces: Traces;
  readonly audit: Audit;
  readonly lifecycle: Lifecycle;
  readonly quarantine: Quarantine;
  /** These three fail as `unsupported` where the service does not serve them, as `spectron serve` does not yet. */
  readonly scopes: Scopes;
  readonly principals: Principals;
  readonly keys: Keys;
}

/** The administration of a service, over the same connection. */
export function createAdmin(spectron: Spectron): Admin {
  const calls = createCalls(spectron.send, spectron.context);
  return {
    entities: createEntities(calls),
    inspect: createInspect(calls),
    traces: createTraces(calls),
    audit: createAudit(calls),
    lifecycle: createLifecycle(calls),
    quarantine: createQuarantine(calls),
    scopes: createScopes(whereServed(calls, "scopes")),
    principals: createPrincipals(whereServed(calls, "principals")),
    keys: createKeys(whereServed(calls, "keys")),
  };
}
