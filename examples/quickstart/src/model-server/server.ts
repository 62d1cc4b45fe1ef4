import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { toPrompt } from "./prompt.ts";
import { reply } from "./rules.ts";
import { chatCompletion, chatCompletionEvents, response, responseEvents } from "./wire.ts";
import type { ServerEvent } from "./wire.ts";

export interface ModelServer {
  /** Base URL for a provider, ending in `/v1`. */
  url: string;
  /** Bodies received so far. */
  requests: readonly Record<string, unknown>[];
  close(): Promise<void>;
}

/** A small OpenAI-compatible server on loopback that answers from the prompt by the rules in `rules.ts`. */
export async function startModelServer(): Promise<ModelServer> {
  const requests: Record<string, unknown>[] = [];
  const server = createServer((incoming, outgoing) => {
    void handle(incoming, outgoing, requests);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}

async function handle(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  requests: Record<string, unknown>[],
): Promise<void> {
  const text = await new Response(incoming as unknown as ReadableStream).text();
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    fail(outgoing, 400, "The body is not valid JSON.");
    return;
  }
  requests.push(body);
  const id = createHash("sha256").update(`${requests.length}:${text}`).digest("hex").slice(0, 24);
  const model = typeof body["model"] === "string" ? body["model"] : "model";
  const answer = reply(toPrompt(body));
  const stream = body["stream"] === true;
  if (incoming.url?.endsWith("/chat/completions") === true) {
    if (stream) sendEvents(outgoing, chatCompletionEvents(id, model, answer));
    else sendJson(outgoing, 200, chatCompletion(id, model, answer));
  } else if (incoming.url?.endsWith("/responses") === true) {
    if (stream) sendEvents(outgoing, responseEvents(id, model, answer));
    else sendJson(outgoing, 200, response(id, model, answer));
  } else {
    fail(outgoing, 404, "Only /v1/chat/completions and /v1/responses are here.");
  }
}

function fail(outgoing: ServerResponse, status: number, message: string): void {
  sendJson(outgoing, status, { error: { message, type: "invalid_request_error", code: null } });
}

function sendJson(outgoing: ServerResponse, status: number, body: unknown): void {
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(body));
}

function sendEvents(outgoing: ServerResponse, events: readonly ServerEvent[]): void {
  outgoing.writeHead(200, { "content-type": "text/event-stream" });
  for (const { event, data } of events) {
    if (event !== undefined) outgoing.write(`event: ${event}\n`);
    outgoing.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
  }
  outgoing.end();
}
