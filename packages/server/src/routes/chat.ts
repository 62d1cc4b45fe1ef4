import type { ChatReply, Engine } from "@spectron/engine";
import type { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app.ts";
import { problemBody, toProblem } from "../problem.ts";
import { content, identifier, labels, parse, readBody } from "../request-body.ts";
import { readNarrowing, writeScopes } from "../request-scope.ts";
import { stripped } from "./facts.ts";

const chatSchema = z.object({
  message: content,
  sessionId: identifier.optional(),
  model: identifier.optional(),
  stream: z.boolean().default(false),
  bypassCache: z.boolean().default(false),
  labels: labels.default([]),
  suppressMarkers: z.boolean().default(false),
});

/** A comment this often keeps proxies from closing a stream that waits for the model. */
const PING_MS = 15_000;

export function chatRoutes(app: Hono<AppEnv>, engine: Engine): void {
  app.post("/chat", async (c) => {
    const raw = await readBody(c.req.raw);
    const body = parse(chatSchema, raw);
    const { caller } = c.get("identity");
    const gone = new AbortController();
    const { scopes: _scopes, scope: _scope, ...unscoped } = raw;
    const ask = async (onDelta?: (delta: string) => void): Promise<ChatReply> =>
      engine.chat({
        caller,
        clamp: { patterns: caller.read, ...readNarrowing(c, unscoped) },
        message: body.message,
        sessionId: stripped(body.sessionId),
        scopes: writeScopes(c, raw),
        model: body.model,
        labels: body.labels,
        suppressMarkers: body.suppressMarkers,
        signal: AbortSignal.any([c.req.raw.signal, gone.signal]),
        onDelta,
      });
    const accept = c.req.header("accept") ?? "";
    if (!body.stream && !accept.includes("text/event-stream")) {
      const reply = await ask();
      c.header("x-trace-id", reply.traceId);
      return c.json(reply);
    }
    return streamed(ask, {
      onGone: () => {
        gone.abort();
      },
      toError: (error) => problemBody(toProblem(error), c.req.path, c.get("traceId")),
    });
  });
}

/** Frames of contract 7.6. What fails before the first piece is thrown, so that its answer has a status. */
async function streamed(
  ask: (onDelta: (delta: string) => void) => Promise<ChatReply>,
  options: { onGone: () => void; toError: (error: unknown) => object },
): Promise<Response> {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const frames = new ReadableStream<Uint8Array>({
    start(made) {
      controller = made;
    },
    cancel() {
      controller = undefined;
      options.onGone();
    },
  });
  const send = (frame: string): void => controller?.enqueue(encoder.encode(`${frame}\n\n`));
  const event = (name: string, data: object): void => {
    send(`event: ${name}\ndata: ${JSON.stringify(data)}`);
  };
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const reply = ask((delta) => {
    event("delta", { delta });
    begin();
  });
  await Promise.race([begun, reply]);
  const ping = setInterval(() => {
    send(": ping");
  }, PING_MS);
  void reply
    .then((done) => {
      event("done", { done: true, ...done });
      send("data: [DONE]");
    })
    .catch((error: unknown) => {
      event("error", { done: true, error: options.toError(error) });
    })
    .finally(() => {
      clearInterval(ping);
      controller?.close();
    });
  return new Response(frames, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" },
  });
}
