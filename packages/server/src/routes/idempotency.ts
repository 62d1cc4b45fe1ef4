import { createHash, createHmac } from "node:crypto";
import { canonicalJson } from "@spectron/core/protocol";
import type { IdempotencyRequest } from "@spectron/engine";
import type { Context } from "hono";
import type { AppEnv } from "../app.ts";
import { LIMITS } from "../limits.ts";
import { Problem } from "../problem.ts";

/** Reads the Idempotency-Key, bare or quoted, and binds it to this request (contract 5.2). */
export function idempotencyOf(
  c: Context<AppEnv>,
  body: Record<string, unknown>,
): IdempotencyRequest | undefined {
  const header = c.req.header("idempotency-key");
  if (header === undefined) return undefined;
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new Problem(
      400,
      "validation_failed",
      "Idempotency-Key must be 1 to 255 visible ASCII characters.",
    );
  const { caller, contextSecret } = c.get("identity");
  const fingerprint = createHash("sha256")
    .update(`${c.req.method}\n${c.req.path}\n${canonicalJson(body)}`)
    .digest();
  return {
    ref: { context: caller.context, principal: caller.principal, key },
    // a bare hash of short personal text can be reversed, a keyed one cannot
    fingerprint: createHmac("sha256", contextSecret).update(fingerprint).digest("base64url"),
    retention: LIMITS.idempotencyRetentionMs,
  };
}

/** Sends a fresh body, or the stored bytes of the first answer. */
export function answer(
  outcome:
    | { replayed: false; status: number; body: unknown }
    | { replayed: true; status: number; body: string },
): Response {
  const body = outcome.replayed ? outcome.body : JSON.stringify(outcome.body);
  const traceId = (JSON.parse(body) as { traceId?: string }).traceId;
  return new Response(body, {
    status: outcome.status,
    headers: {
      "content-type": "application/json",
      ...(traceId === undefined ? {} : { "x-trace-id": traceId }),
      ...(outcome.replayed ? { "idempotency-replayed": "true" } : {}),
    },
  });
}
