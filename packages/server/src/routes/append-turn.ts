import type { ExtractionResult, FactsBatchResponse } from "@spectron/core/protocol";
import type { Engine } from "@spectron/engine";
import type { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { content, instant, parse, readBody } from "../request-body.ts";
import { role, stripped } from "./facts.ts";
import { answer, idempotencyOf } from "./idempotency.ts";

const turnSchema = z.object({ role, content, ts: instant.nullish() });

/** The oldest form of a write: one turn, answered with the diff under old and new names (contract 7.3). */
export function appendTurnRoute(app: Hono<AppEnv>, engine: Engine): void {
  app.post("/sessions/:id/turns", async (c) => {
    const raw = await readBody(c.req.raw);
    const body = parse(turnSchema, raw);
    const outcome = await engine.remember({
      caller: c.get("identity").caller,
      idempotency: idempotencyOf(c, raw),
      sessionId: stripped(c.req.param("id")),
      messages: [
        {
          role: body.role,
          content: body.content,
          ...(body.ts === undefined || body.ts === null ? {} : { ts: body.ts }),
        },
      ],
      infer: "full",
      triples: [],
      diff: "whole_conversation",
      labels: [],
      answer: { kind: "batch" },
    });
    if (outcome.replayed)
      return answer({
        ...outcome,
        body: JSON.stringify(inBothForms(JSON.parse(outcome.body) as FactsBatchResponse)),
      });
    return answer({ ...outcome, body: inBothForms(outcome.body as FactsBatchResponse) });
  });
}

function inBothForms(body: FactsBatchResponse): Record<string, unknown> {
  const turn = body.turnIds[0] ?? "";
  const diff: ExtractionResult | undefined = body.extractions[0];
  const from = { source_turn: turn };
  return {
    ...diff,
    turnId: turn,
    turn_id: turn,
    sessionId: body.sessionId,
    traceId: body.traceId,
    trace_id: body.traceId,
    entities: diff?.entities.map((item) => ({
      ...item,
      type: item.entityType,
      label: item.name,
      ...from,
    })),
    attributes: diff?.attributes.map((item) => ({ ...item, entity: item.entityId, ...from })),
    relations: diff?.relations.map((item) => ({
      ...item,
      from: item.subject,
      to: item.object,
      type: item.label,
      ...from,
    })),
    instructions: diff?.instructions.map((item) => ({
      ...item,
      text: item.description,
      priority: 0,
      ...from,
    })),
    corrections: diff?.corrections.map((item) => ({
      ...item,
      attribute: item.key,
      previous: { key: item.key, value: item.oldValue },
      current: { key: item.key, value: item.newValue, ...from },
    })),
  };
}
