import type { Engine } from "@spectron/engine";
import type { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import { identifier, parse, readBody, text } from "../request-body.ts";
import { readNarrowing } from "../request-scope.ts";
import { stripped } from "./facts.ts";
import { answer, idempotencyOf } from "./idempotency.ts";
import { queryFields } from "./query-fields.ts";

const forgetSchema = z
  .object({
    query: text.max(LIMITS.queryLength).optional(),
    ids: z.array(identifier).max(LIMITS.messages).default([]),
    sessionId: identifier.optional(),
    threshold: z.number().min(0).max(1).default(LIMITS.forget.threshold),
    limit: z.number().int().min(1).max(LIMITS.messages).default(LIMITS.forget.limit),
    dryRun: z.boolean().default(false),
    purge: z.boolean().default(false),
  })
  .refine((body) => body.query !== undefined || body.ids.length > 0, {
    message: "is required unless ids are given",
    path: ["query"],
  });

const idsSchema = z.object({ ids: z.array(identifier).min(1).max(LIMITS.messages) });
const listSchema = z.object({
  limit: z.coerce.number().int().min(1).default(LIMITS.turns.default),
});

/** What takes memory away, for good or for now. */
export function forgetRoutes(app: Hono<AppEnv>, engine: Engine): void {
  app.post("/forget", async (c) => {
    const raw = await readBody(c.req.raw);
    const body = parse(forgetSchema, raw);
    const { caller } = c.get("identity");
    return answer(
      await engine.forget({
        caller,
        idempotency: idempotencyOf(c, raw),
        ids: body.ids,
        ...(body.query === undefined
          ? {}
          : {
              match: {
                query: body.query,
                clamp: { patterns: caller.forget, ...readNarrowing(c, raw) },
                sessionId: stripped(body.sessionId),
                threshold: body.threshold,
                limit: body.limit,
              },
            }),
        dryRun: body.dryRun,
        purge: body.purge,
      }),
    );
  });

  app.post("/lifecycle/expire", async (c) => c.json(await engine.expire(c.get("identity").caller)));
  app.post("/lifecycle/decay", async (c) => c.json(await engine.decay(c.get("identity").caller)));

  app.get("/quarantine", async (c) => {
    const raw = queryFields(c);
    const { caller } = c.get("identity");
    return c.json(
      await engine.read("listQuarantine", {
        caller,
        clamp: { patterns: caller.read, ...readNarrowing(c, raw) },
        limit: Math.min(parse(listSchema, raw).limit, LIMITS.turns.most),
      }),
    );
  });
  for (const [action, held] of [
    ["hold", true],
    ["restore", false],
  ] as const)
    app.post(`/quarantine/${action}`, async (c) => {
      const { ids } = parse(idsSchema, await readBody(c.req.raw));
      return c.json(await engine.holdTurns({ caller: c.get("identity").caller, ids, held }));
    });
}
