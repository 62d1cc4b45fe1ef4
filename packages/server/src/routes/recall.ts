import type { Engine } from "@spectron/engine";
import type { Context, Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import { Problem } from "../problem.ts";
import { identifier, instant, labels, parse, readBody, text } from "../request-body.ts";
import { readNarrowing } from "../request-scope.ts";
import { stripped } from "./facts.ts";
import { renderSessionContext } from "./session-context.ts";

const k = z.number().int().min(1).max(LIMITS.k.most).optional();

const readSchema = z.object({
  query: text.max(LIMITS.queryLength),
  k,
  limit: k,
  mode: z.enum(["hybrid", "vector", "bm25", "graph"]).default("hybrid"),
  include: z.array(z.enum(["facts", "passages"])).optional(),
  scopeView: z.enum(["strict", "merged", "crossTeam"]).default("strict"),
  sessionId: identifier.optional(),
  labels: labels.optional(),
  asOf: instant.optional(),
  atInstant: instant.optional(),
  validFrom: instant.optional(),
  validUntil: instant.optional(),
  maxTokens: z.number().int().min(1).max(LIMITS.contextTokens.most).optional(),
});

const contextSchema = readSchema
  .pick({ maxTokens: true })
  .extend({ profile: z.boolean().default(false) });

export function recallRoutes(app: Hono<AppEnv>, engine: Engine): void {
  app.post("/query", async (c) => {
    const { result, queryMs } = await run(engine, c, await readBody(c.req.raw), {});
    c.header("x-trace-id", result.traceId);
    return json(c, result.hitsJson, {
      tier: result.tier,
      queryMs,
      classificationKind: result.tier === "direct" ? "direct_lookup" : "hybrid",
      seedEntities: result.seedEntities,
      trace: {
        traceId: result.traceId,
        resolutionTier: result.tier,
        tierReason: result.tierReason,
        retrievedCount: result.returned,
        topScores: result.topScores,
        latencyMs: queryMs,
      },
    });
  });

  app.post("/context", async (c) => {
    const raw = await readBody(c.req.raw);
    const wantsProfile = parse(contextSchema, raw).profile;
    const { caller } = c.get("identity");
    const clamp = { patterns: caller.read, ...readNarrowing(c, raw) };
    const [{ result, queryMs }, profile] = await Promise.all([
      run(engine, c, raw, { maxTokens: LIMITS.contextTokens.default, brief: true }),
      wantsProfile
        ? engine.read("readProfile", { caller, clamp, at: engine.now() })
        : Promise.resolve(undefined),
    ]);
    c.header("x-trace-id", result.traceId);
    return json(c, result.hitsJson, {
      context: result.context,
      ...(profile === undefined ? {} : { profile }),
      tier: "hybrid",
      queryMs,
      traceId: result.traceId,
    });
  });

  app.on(["GET", "POST"], "/sessions/:id/context", async (c) => {
    const raw: Record<string, unknown> =
      c.req.method === "GET" ? { query: c.req.query("query") } : await readBody(c.req.raw);
    const sessionId = stripped(c.req.param("id")) ?? "";
    const maxTokens = parse(contextSchema, raw).maxTokens ?? LIMITS.contextTokens.default;
    const half = Math.ceil(maxTokens / 2);
    const { result } = await run(
      engine,
      c,
      { ...raw, sessionId, maxTokens: half },
      { maxTokens: half, brief: true },
    );
    c.header("x-trace-id", result.traceId);
    const caller = c.get("identity").caller;
    return c.json({
      context: await renderSessionContext(engine, caller, sessionId, result.context, { maxTokens }),
      traceId: result.traceId,
    });
  });
}

/** An answer with the hits as they were written, in bytes: as text they would be encoded a second time. */
function json(c: Context<AppEnv>, hits: string, rest: object): Response {
  const bytes = new TextEncoder().encode(`{"hits":${hits},${JSON.stringify(rest).slice(1)}`);
  return c.body(bytes, 200, { "content-type": "application/json" });
}

async function run(
  engine: Engine,
  c: Context<AppEnv>,
  raw: Record<string, unknown>,
  defaults: { maxTokens?: number; brief?: boolean },
): Promise<{ result: Awaited<ReturnType<Engine["recall"]>>; queryMs: number }> {
  const body = parse(readSchema, raw);
  if (body.atInstant !== undefined)
    throw new Problem(501, "not_implemented", "atInstant needs versioned storage; use asOf.");
  const { caller } = c.get("identity");
  const started = performance.now();
  const result = await engine.recall({
    caller,
    clamp: { patterns: caller.read, ...readNarrowing(c, raw) },
    query: body.query,
    mode: body.mode,
    labels: body.labels,
    k: body.k ?? body.limit ?? LIMITS.k.default,
    facts: body.include === undefined || body.include.includes("facts"),
    passages: body.include === undefined || body.include.includes("passages"),
    sessionId: stripped(body.sessionId),
    asOf: body.asOf,
    validFrom: body.validFrom,
    validUntil: body.validUntil,
    maxTokens:
      defaults.maxTokens === undefined ? undefined : (body.maxTokens ?? defaults.maxTokens),
    brief: defaults.brief,
  });
  return { result, queryMs: Math.round((performance.now() - started) * 10) / 10 };
}
