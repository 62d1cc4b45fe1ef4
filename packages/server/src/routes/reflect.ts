import type { Engine } from "@spectron/engine";
import type { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import { parse, readBody, text } from "../request-body.ts";
import { readNarrowing } from "../request-scope.ts";

const reflectSchema = z.object({
  query: text.max(LIMITS.queryLength),
  persist: z.boolean().default(false),
});

export function reflectRoutes(app: Hono<AppEnv>, engine: Engine): void {
  app.post("/reflect", async (c) => {
    const raw = await readBody(c.req.raw);
    const { query, persist } = parse(reflectSchema, raw);
    const { caller } = c.get("identity");
    const made = await engine.reflect({
      caller,
      clamp: { patterns: caller.read, ...readNarrowing(c, raw) },
      query,
      persist,
      signal: c.req.raw.signal,
    });
    c.header("x-trace-id", made.traceId);
    return c.json({ ...made, persistedAttributes: [] });
  });
}
