import { ScopeSyntaxError, normalizeSelector } from "@spectron/core/protocol";
import type { ScopeSets, Selector } from "@spectron/core/protocol";
import type { Context } from "hono";
import type { AppEnv } from "./app.ts";
import { Problem } from "./problem.ts";

/** The clauses that a write is tagged with. */
export function writeScopes(
  c: Context<AppEnv>,
  body: Record<string, unknown>,
): ScopeSets | undefined {
  return selector(c, body["scopes"] ?? body["scope"])?.clauses;
}

/** The narrowing of a read: a lens, the older subset, or both. */
export function readNarrowing(
  c: Context<AppEnv>,
  body: Record<string, unknown>,
): { lens?: ScopeSets | undefined; subset?: ScopeSets | undefined } {
  const lens = selector(c, body["lens"], true);
  const scope = selector(c, body["scopes"] ?? body["scope"], true);
  const selectors = [lens, scope].filter((item) => item !== undefined);
  const lenses = selectors.filter((item) => item.kind === "lens");
  const subset = selectors.find((item) => item.kind === "subset");
  if (lenses.length > 1)
    throw new Problem(400, "field_conflict", "Give either lens or scope with paths, not both.");
  return {
    ...(lenses[0] === undefined ? {} : { lens: lenses[0].clauses }),
    ...(subset === undefined ? {} : { subset: subset.clauses }),
  };
}

function selector(c: Context<AppEnv>, value: unknown, pattern = false): Selector | undefined {
  try {
    return normalizeSelector(value, { pattern, tagDimensions: c.get("tagDimensions") });
  } catch (error) {
    if (error instanceof ScopeSyntaxError) throw new Problem(400, "scope_invalid", error.message);
    throw error;
  }
}
