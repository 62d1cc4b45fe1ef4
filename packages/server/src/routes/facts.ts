import type { Role } from "@spectron/core/protocol";
import type { Engine } from "@spectron/engine";
import type { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import {
  camelFields,
  content,
  identifier,
  instant,
  labels,
  parse,
  parts,
  readBody,
  text,
} from "../request-body.ts";
import { writeScopes } from "../request-scope.ts";
import { answer, idempotencyOf } from "./idempotency.ts";

export const role: z.ZodType<Role> = z.enum(["user", "assistant", "system", "tool"], {
  message: "must be one of user, assistant, system, tool",
});
const category = z.enum(["identity", "knowledge", "context"]);
const entity = z.object({ type: text.max(64), name: text.max(512) });

const message = z
  .record(z.string(), z.unknown(), { message: "must be an object with role and content" })
  .transform(camelFields)
  .pipe(
    z
      .object({
        role,
        content: z.union([z.literal(""), content]),
        ts: instant.nullish(),
        id: identifier.optional(),
        parts: parts.optional(),
        remember: z.boolean().default(true),
      })
      .refine((item) => item.content !== "" || !item.remember, {
        message: "must not be empty unless remember is false",
        path: ["content"],
      }),
  );

const batchSchema = z.object({
  messages: z
    .array(message, { message: "must be an array of 1 to 1000 messages" })
    .min(1)
    .max(LIMITS.messages),
  sessionId: identifier.optional(),
  after: identifier.nullish(),
  extract: z.enum(["whole_conversation", "per_message"]).default("whole_conversation"),
  infer: z.enum(["full", "none", "preview"]).default("full"),
  labels: labels.default([]),
  observedAt: instant.optional(),
});

const triple = z
  .record(z.string(), z.unknown())
  .transform(camelFields)
  .pipe(
    z
      .object({
        entity,
        key: text.max(128),
        value: content.optional(),
        target: entity.optional(),
        memoryCategory: category.optional(),
      })
      .refine((item) => item.value !== undefined || item.target !== undefined, {
        message: "needs a value or a target",
      }),
  );

const factSchema = z
  .object({
    text: content.optional(),
    infer: z.enum(["full", "triples", "preview", "none"]).default("full"),
    sessionId: identifier.optional(),
    role: role.default("user"),
    memoryCategory: category.optional(),
    labels: labels.default([]),
    triples: z.array(triple).min(1).max(LIMITS.messages).optional(),
    observedAt: instant.optional(),
  })
  .refine((body) => body.infer !== "triples" || body.triples !== undefined, {
    message: "is required when infer is triples",
    path: ["triples"],
  })
  .refine((body) => body.infer === "triples" || body.text !== undefined, {
    message: "is required unless infer is triples",
    path: ["text"],
  });

export function factRoutes(app: Hono<AppEnv>, engine: Engine): void {
  app.post("/facts/batch", async (c) => {
    const raw = await readBody(c.req.raw);
    const body = parse(batchSchema, raw);
    return answer(
      await engine.remember({
        caller: c.get("identity").caller,
        idempotency: idempotencyOf(c, raw),
        sessionId: stripped(body.sessionId),
        scopes: writeScopes(c, raw),
        messages: body.messages.map((item) => ({
          role: item.role,
          content: item.content,
          ...(item.ts === undefined || item.ts === null ? {} : { ts: item.ts }),
          ...(item.id === undefined ? {} : { id: item.id }),
          ...(item.parts === undefined ? {} : { parts: item.parts }),
          remember: item.remember,
        })),
        ...(body.after === undefined ? {} : { after: body.after }),
        infer: body.infer,
        triples: [],
        diff: body.infer === "none" ? "none" : body.extract,
        observedAt: body.observedAt,
        labels: body.labels,
        answer: { kind: "batch" },
      }),
    );
  });

  app.post("/facts", async (c) => {
    const raw = await readBody(c.req.raw);
    const body = parse(factSchema, raw);
    const triples = body.infer === "triples" ? (body.triples ?? []) : [];
    return answer(
      await engine.remember({
        caller: c.get("identity").caller,
        idempotency: idempotencyOf(c, raw),
        sessionId: stripped(body.sessionId),
        scopes: writeScopes(c, raw),
        messages: body.text === undefined ? [] : [{ role: body.role, content: body.text }],
        infer: body.infer === "triples" ? "none" : body.infer,
        triples: triples.map(({ memoryCategory, ...item }) => ({
          ...item,
          memory_category: memoryCategory,
        })),
        diff: "whole_conversation",
        observedAt: body.observedAt,
        category: body.memoryCategory,
        labels: body.labels,
        answer: { kind: "fact", mode: body.infer },
      }),
    );
  });
}

/** A record prefix such as `session:` is optional on input. */
export function stripped(id: string | undefined): string | undefined {
  return id?.replace(/^session:/, "");
}
