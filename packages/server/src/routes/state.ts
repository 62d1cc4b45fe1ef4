import type { Engine } from "@spectron/engine";
import type { Context, Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import { identifier, instant, parse, readBody } from "../request-body.ts";
import { readNarrowing } from "../request-scope.ts";
import { stripped } from "./facts.ts";
import { inOlderNames } from "./older-names.ts";
import { queryFields } from "./query-fields.ts";

const flag = z.union([z.boolean(), z.stringbool()]).default(false);
const limit = z.coerce.number().int().min(1).default(LIMITS.state.default);

const stateSchema = z.object({
  limit,
  sessionId: identifier.optional(),
  asOf: instant.optional(),
  corrections: flag,
});

const diffSchema = z.object({
  since: z.union([instant, identifier], {
    message: "is required: a turn id or an RFC 3339 time",
  }),
  limit,
  sessionId: identifier.optional(),
});

/** What is believed, as a whole and as what changed. */
export function stateRoutes(app: Hono<AppEnv>, engine: Engine): void {
  app.get("/profile", async (c) => {
    const raw = queryFields(c);
    const { caller } = c.get("identity");
    return c.json(
      await engine.read("readProfile", {
        caller,
        clamp: { patterns: caller.read, ...readNarrowing(c, raw) },
        at: engine.now(),
        asOf: parse(stateSchema, raw).asOf,
      }),
    );
  });

  app.on(["GET", "POST"], "/state", async (c) => {
    const raw = await fields(c);
    const query = parse(stateSchema, raw);
    const { caller } = c.get("identity");
    return c.json(
      await engine.read("readState", {
        caller,
        clamp: { patterns: caller.read, ...readNarrowing(c, raw) },
        at: engine.now(),
        asOf: query.asOf,
        sessionId: stripped(query.sessionId),
        limit: Math.min(query.limit, LIMITS.state.most),
        corrections: query.corrections,
      }),
    );
  });

  app.on(["GET", "POST"], "/state/diff", async (c) => {
    const raw = await fields(c);
    const query = parse(diffSchema, raw);
    const { caller } = c.get("identity");
    const diff = await engine.read("readStateDiff", {
      caller,
      clamp: { patterns: caller.read, ...readNarrowing(c, raw) },
      since: query.since,
      sessionId: stripped(query.sessionId),
      limit: Math.min(query.limit, LIMITS.state.most),
      at: engine.now(),
    });
    return c.json(c.req.header("api-version") === "1" ? inOlderNames(diff) : diff);
  });
}

async function fields(c: Context<AppEnv>): Promise<Record<string, unknown>> {
  return c.req.method === "GET" ? queryFields(c) : readBody(c.req.raw);
}
