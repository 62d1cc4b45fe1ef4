import type { Engine } from "@spectron/engine";
import type { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import { Problem } from "../problem.ts";
import { parse, readBody, text, writeScopes } from "../request-body.ts";
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

const turnsSchema = z.object({
  limit: z.coerce.number().int().min(1).default(LIMITS.turns.default),
  offset: z.coerce.number().int().min(0).optional(),
  cursor: z.string().max(512).optional(),
  count: z.stringbool().default(false),
});

export function sessionRoutes(app: Hono<AppEnv>, engine: Engine): void {
  app.post("/sessions", async (c) => {
    const raw = await readBody(c.req.raw);
    const body = parse(createSchema, raw);
    return answer(
      await engine.createSession({
        caller: c.get("identity").caller,
        idempotency: idempotencyOf(c, raw),
        scopes: writeScopes(raw),
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

  app.delete("/sessions/:id", async (c) => {
    if (c.req.query("purge") === "true")
      throw new Problem(
        501,
        "not_implemented",
        "Purging a session is not available in this version.",
      );
    await engine.closeSession({
      caller: c.get("identity").caller,
      id: stripped(c.req.param("id")) ?? "",
    });
    return c.body(null, 204);
  });

  app.get("/sessions/:id/turns", async (c) => {
    const query = parse(turnsSchema, c.req.query());
    const id = stripped(c.req.param("id")) ?? "";
    if (query.cursor !== undefined && query.offset !== undefined)
      throw new Problem(400, "validation_failed", "Give either offset or cursor, not both.");
    return c.json(
      await engine.read("listTurns", {
        caller: c.get("identity").caller,
        id,
        limit: Math.min(query.limit, LIMITS.turns.most),
        offset: query.cursor === undefined ? (query.offset ?? 0) : offsetOf(query.cursor, id),
        count: query.count,
      }),
    );
  });
}

function offsetOf(cursor: string, id: string): number {
  const [kind, session, seq] = Buffer.from(cursor, "base64url").toString().split(":");
  if (kind !== "turns" || session !== id || !/^\d{1,7}$/.test(seq ?? ""))
    throw new Problem(400, "cursor_invalid", "This cursor belongs to another list.");
  return Number(seq);
}
