import type { Engine } from "@spectron/engine";
import type { Context, Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import { Problem } from "../problem.ts";
import { instant, parse, text } from "../request-body.ts";
import { readNarrowing } from "../request-scope.ts";
import { queryFields } from "./query-fields.ts";

const times = {
  asOf: instant.optional(),
  atInstant: instant.optional(),
  validFrom: instant.optional(),
  validUntil: instant.optional(),
};
const limit = z.coerce.number().int().min(1);

const listSchema = z
  .object({
    type: text.max(64).optional(),
    limit: limit.default(LIMITS.state.default),
    offset: z.coerce.number().int().min(0).optional(),
    cursor: z.string().max(512).optional(),
  })
  .refine((query) => query.cursor === undefined || query.offset === undefined, {
    message: "give either offset or cursor, not both",
    path: ["cursor"],
  });
const entitySchema = z.object(times);
const inspectSchema = z.object({ ref: text.max(LIMITS.queryLength), ...times });
const tracesSchema = z.object({ limit: limit.default(LIMITS.traces.default) });
const statsSchema = z.object({ windowHours: z.coerce.number().positive().max(8760).default(24) });
const auditSchema = z.object({
  principal: text.max(LIMITS.idLength).optional(),
  kind: z.enum(["decision", "retrieval", "response"]).optional(),
  since: instant.optional(),
  until: instant.optional(),
  limit: limit.default(LIMITS.traces.default),
});

/** Reads that say what memory holds of one thing, where it is from and what was done with it. */
export function explainRoutes(app: Hono<AppEnv>, engine: Engine): void {
  app.get("/entities", async (c) => {
    const query = parse(listSchema, queryFields(c));
    return c.json(
      await engine.read("listEntities", {
        ...reading(c, engine),
        ...query,
        limit: Math.min(query.limit, LIMITS.state.most),
      }),
    );
  });

  app.get("/entities/:type/:name", async (c) =>
    c.json(
      await engine.read("getEntity", {
        ...reading(c, engine),
        ...named(c),
        ...timed(parse(entitySchema, queryFields(c))),
      }),
    ),
  );

  app.delete("/entities/:type/:name", async (c) => {
    const { caller } = c.get("identity");
    const { ids } = await engine.read("listEntityFacts", { ...reading(c, engine), ...named(c) });
    await engine.forget({ caller, ids, purge: false, dryRun: false });
    return c.body(null, 204);
  });

  app.get("/entities/:type/:name/history/:key", async (c) =>
    c.json(
      await engine.read("getHistory", {
        ...reading(c, engine),
        ...named(c),
        key: c.req.param("key"),
        ...timed(parse(entitySchema, queryFields(c))),
      }),
    ),
  );

  app.get("/inspect", async (c) => {
    const { ref, ...bounds } = parse(inspectSchema, queryFields(c));
    return c.json(await engine.read("inspect", { ...reading(c, engine), ref, ...timed(bounds) }));
  });

  app.get("/traces", async (c) =>
    c.json(
      await engine.read("listTraces", {
        caller: c.get("identity").caller,
        limit: Math.min(parse(tracesSchema, c.req.query()).limit, LIMITS.traces.most),
      }),
    ),
  );

  app.get("/traces/stats", async (c) =>
    c.json(
      await engine.read("readTraceStats", {
        caller: c.get("identity").caller,
        windowHours: parse(statsSchema, queryFields(c)).windowHours,
        at: engine.now(),
      }),
    ),
  );

  app.get("/traces/:id", async (c) =>
    c.json(
      await engine.read("getTrace", {
        caller: c.get("identity").caller,
        id: c.req.param("id").replace(/^trace:/, ""),
      }),
    ),
  );

  app.get("/audit", async (c) => {
    const query = parse(auditSchema, c.req.query());
    return c.json(
      await engine.read("readAudit", {
        ...query,
        caller: c.get("identity").caller,
        limit: Math.min(query.limit, LIMITS.traces.most),
      }),
    );
  });
}

function reading(c: Context<AppEnv>, engine: Engine) {
  const { caller } = c.get("identity");
  return {
    caller,
    clamp: { patterns: caller.read, ...readNarrowing(c, queryFields(c)) },
    at: engine.now(),
  };
}

function named(c: Context<AppEnv>): { type: string; name: string } {
  return { type: c.req.param("type") ?? "", name: c.req.param("name") ?? "" };
}

function timed<Bounds extends { atInstant?: number | undefined }>({
  atInstant,
  ...bounds
}: Bounds): Omit<Bounds, "atInstant"> {
  if (atInstant !== undefined)
    throw new Problem(501, "not_implemented", "atInstant needs versioned storage; use asOf.");
  return bounds;
}
