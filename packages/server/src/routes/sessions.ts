import type { Engine } from "@spectron/engine";
import type { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import { identifier, parse, readBody, text } from "../request-body.ts";
import { readNarrowing, writeScopes } from "../request-scope.ts";
import { queryFields } from "./query-fields.ts";
import { stripped } from "./facts.ts";
import { answer, idempotencyOf } from "./idempotency.ts";

const createSchema = z.object({
  metadata: z
    .record(z.string(), z.unknown())
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= LIMITS.metadataBytes, {
      message: `may have at most ${LIMITS.metadataBytes} bytes`,
    })
    .default({}),
  externalId: text.max(LIMITS.externalIdLength).optional(),
});

const sessionsSchema = z.object({
  status: z.enum(["open", "closed"]).optional(),
  externalId: text.max(LIMITS.externalIdLength).optional(),
  limit: z.coerce.number().int().min(1).default(LIMITS.turns.default),
  cursor: z.string().max(512).optional(),
});

const turnsSchema = z
  .object({
    limit: z.coerce.number().int().min(1).default(LIMITS.turns.default),
    offset: z.coerce.number().int().min(0).optional(),
    cursor: z.string().max(512).optional(),
    count: z.stringbool().default(false),
    order: z.enum(["asc", "desc"]).default("asc"),
    parts: z.stringbool().default(false),
    clientId: identifier.optional(),
    includeRevised: z.stringbool().default(false),
  })
  .refine((query) => query.cursor === undefined || query.offset === undefined, {
    message: "give either offset or cursor, not both",
    path: ["cursor"],
  });

const turnSchema = z.object({
  parts: z.stringbool().default(false),
  purge: z.stringbool().default(false),
});

export function sessionRoutes(app: Hono<AppEnv>, engine: Engine): void {
  app.post("/sessions", async (c) => {
    const raw = await readBody(c.req.raw);
    const body = parse(createSchema, raw);
    return answer(
      await engine.createSession({
        caller: c.get("identity").caller,
        idempotency: idempotencyOf(c, raw),
        scopes: writeScopes(c, raw),
        metadata: body.metadata,
        externalId: body.externalId,
      }),
    );
  });

  app.get("/sessions/:id", async (c) =>
    c.json(
      await engine.read("getSession", {
        caller: c.get("identity").caller,
        id: stripped(c.req.param("id")) ?? "",
      }),
    ),
  );

  app.get("/sessions", async (c) => {
    const raw = queryFields(c);
    const query = parse(sessionsSchema, raw);
    const { caller } = c.get("identity");
    return c.json(
      await engine.read("listSessions", {
        ...query,
        caller,
        clamp: { patterns: caller.read, ...readNarrowing(c, raw) },
        limit: Math.min(query.limit, LIMITS.turns.most),
      }),
    );
  });

  app.delete("/sessions/:id", async (c) => {
    const query = parse(turnSchema, c.req.query());
    const input = { caller: c.get("identity").caller, id: stripped(c.req.param("id")) ?? "" };
    if (query.purge) await engine.purgeSession(input);
    else await engine.closeSession(input);
    return c.body(null, 204);
  });

  app.get("/sessions/:id/turns", async (c) => {
    const { order, ...query } = parse(turnsSchema, c.req.query());
    return c.json(
      await engine.read("listTurns", {
        ...query,
        caller: c.get("identity").caller,
        id: stripped(c.req.param("id")) ?? "",
        order: order === "desc" ? "newest" : "oldest",
        limit: Math.min(query.limit, LIMITS.turns.most),
      }),
    );
  });

  app.get("/sessions/:id/turns/:turn", async (c) =>
    c.json(
      await engine.read("getTurn", {
        caller: c.get("identity").caller,
        sessionId: stripped(c.req.param("id")) ?? "",
        turnId: c.req.param("turn"),
        parts: parse(turnSchema, c.req.query()).parts,
      }),
    ),
  );

  app.delete("/sessions/:id/turns/:turn", async (c) => {
    await engine.retract({
      caller: c.get("identity").caller,
      sessionId: stripped(c.req.param("id")) ?? "",
      turnId: c.req.param("turn"),
      purge: parse(turnSchema, c.req.query()).purge,
    });
    return c.body(null, 204);
  });
}
