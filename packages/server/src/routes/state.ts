import type { Engine } from "@spectron/engine";
import type { Context, Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import { Problem } from "../problem.ts";
import { camelFields, identifier, instant, parse, readNarrowing } from "../request-body.ts";
import { stripped } from "./facts.ts";

const stateSchema = z.object({
  limit: z.coerce.number().int().min(1).default(LIMITS.state.default),
  sessionId: identifier.optional(),
  asOf: instant.optional(),
  corrections: z.stringbool().default(false),
});

export function stateRoutes(app: Hono<AppEnv>, engine: Engine): void {
  app.get("/profile", async (c) => {
    const raw = queryFields(c);
    const { caller } = c.get("identity");
    return c.json(
      await engine.read("readProfile", {
        caller,
        clamp: { patterns: caller.read, ...readNarrowing(raw) },
        at: engine.now(),
        asOf: parse(stateSchema, raw).asOf,
      }),
    );
  });

  app.get("/state", async (c) => {
    const raw = queryFields(c);
    const query = parse(stateSchema, raw);
    const { caller } = c.get("identity");
    return c.json(
      await engine.read("readState", {
        caller,
        clamp: { patterns: caller.read, ...readNarrowing(raw) },
        at: engine.now(),
        asOf: query.asOf,
        sessionId: stripped(query.sessionId),
        limit: Math.min(query.limit, LIMITS.state.most),
        corrections: query.corrections,
      }),
    );
  });
}

/** Query parameters as a body would state them: `lens` as JSON, `scope[dimension]=value` as an object. */
function queryFields(c: Context<AppEnv>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const dimensions = new Map<string, string>();
  for (const [name, value] of Object.entries(c.req.query())) {
    const dimension = /^scope\[([^\]]+)\]$/.exec(name)?.[1];
    if (dimension === undefined) fields[name] = name === "lens" ? parseLens(value) : value;
    else dimensions.set(dimension, value);
  }
  if (dimensions.size > 0) fields["scope"] = Object.fromEntries(dimensions);
  return camelFields(fields);
}

function parseLens(value: string): unknown {
  if (!value.startsWith("[")) return value;
  try {
    return JSON.parse(value);
  } catch {
    throw new Problem(
      400,
      "validation_failed",
      "lens must be a path or a JSON array of arrays of paths.",
    );
  }
}
