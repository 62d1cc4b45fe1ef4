import type { Engine } from "@spectron/engine";
import type { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import { identifier, instant, parse, readNarrowing } from "../request-body.ts";
import { stripped } from "./facts.ts";
import { queryFields } from "./query-fields.ts";

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
