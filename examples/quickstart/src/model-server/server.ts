import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { answer } from "./answer.ts";
import { chatAnswer, chatPrompt, parseChatRequest } from "./chat-completions.ts";
import { createIdentifiers } from "./identifiers.ts";
import { parseResponseRequest, responsePrompt } from "./response-request.ts";
import type { ResponseItem } from "./response-request.ts";
import { responseAnswer } from "./response-answer.ts";
import { WireError, wireErrorBody } from "./wire-error.ts";
import { createdAt } from "./wire-event.ts";
import type { WireAnswer } from "./wire-event.ts";

export interface ModelServerOptions {
  /** @default 0, a free port */
  port?: number | undefined;
  /** Milliseconds before each answer begins. @default 0 */
  delayMs?: number | undefined;
}

/** One request as it came in; headers are left out because they carry keys. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  /** The parsed JSON; undefined without a body, the raw text where it is no JSON. */
  readonly body: unknown;
}

export interface ModelServer {
  /** Base URL for a provider, ending in `/v1`. */
  readonly url: string;
  /** Everything received so far, oldest first. */
  requests(): readonly RecordedRequest[];
  close(): Promise<void>;
}

/** Room for a long conversation, far below what would hurt the process. */
const maxBodyBytes = 16 * 1024 * 1024;

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes)
      throw new WireError("The body is larger than 16 MiB. Send fewer messages.", { status: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function sendJson(outgoing: ServerResponse, status: number, body: unknown): void {
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(body));
}

function sendEvents(outgoing: ServerResponse, { events }: WireAnswer): void {
  outgoing.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  for (const { event, data } of events) {
    if (event !== undefined) outgoing.write(`event: ${event}\n`);
    outgoing.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
  }
  outgoing.end();
}

/** A small OpenAI-compatible server on loopback that answers from the prompt it gets, by the rules in `rules.ts`. */
export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const { port = 0, delayMs = 0 } = options;
  const recorded: RecordedRequest[] = [];
  const identifiers = createIdentifiers();
  const storedItems = new Map<string, ResponseItem>();
  const closing = new AbortController();

  const routes: Record<string, (body: unknown, path: string) => WireAnswer & { stream: boolean }> =
    {
      "POST /v1/chat/completions": (body, path) => {
        const request = parseChatRequest(body);
        const prompt = chatPrompt(request);
        const makeId = identifiers.forRequest(path, body);
        const result = chatAnswer(request, prompt, answer(prompt), makeId);
        return { ...result, stream: request.stream === true };
      },
      "POST /v1/responses": (body, path) => {
        const request = parseResponseRequest(body);
        const prompt = responsePrompt(request, storedItems);
        const makeId = identifiers.forRequest(path, body);
        const result = responseAnswer(request, prompt, answer(prompt), makeId);
        if (request.store !== false) storedItems.set(result.item.id, result.item);
        return { ...result, stream: request.stream === true };
      },
      "GET /v1/models": () => ({
        body: {
          object: "list",
          data: [
            { id: "prompt-rules", object: "model", created: createdAt, owned_by: "quickstart" },
          ],
        },
        events: [],
        stream: false,
      }),
    };

  const record = (method: string, path: string, text: string): unknown => {
    let body: unknown = text === "" ? undefined : text;
    try {
      if (text !== "") body = JSON.parse(text);
    } catch {
      recorded.push({ method, path, body });
      throw new WireError("The body is not valid JSON.", { code: "invalid_json" });
    }
    recorded.push({ method, path, body });
    return body;
  };

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const method = incoming.method ?? "GET";
    const path = (incoming.url ?? "/").split("?")[0] ?? "/";
    try {
      const body = record(method, path, await readText(incoming));
      const route = routes[`${method} ${path}`];
      if (!route) {
        throw new WireError(
          "Only POST /v1/chat/completions, POST /v1/responses and GET /v1/models are here. The base URL ends in /v1.",
          { status: 404, code: "unknown_url" },
        );
      }
      const result = route(body, path);
      if (delayMs > 0) await delay(delayMs, undefined, { signal: closing.signal });
      if (result.stream) sendEvents(outgoing, result);
      else sendJson(outgoing, 200, result.body);
    } catch (error) {
      if (closing.signal.aborted || outgoing.headersSent) {
        outgoing.destroy();
        return;
      }
      const known =
        error instanceof WireError
          ? error
          : new WireError("The model server failed on this request.", { status: 500 });
      sendJson(outgoing, known.status, wireErrorBody(known));
    }
  };

  const server = createServer((incoming, outgoing) => {
    void handle(incoming, outgoing);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: boundPort } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${boundPort}/v1`,
    requests: () => [...recorded],
    close() {
      closed ??= new Promise((resolve) => {
        closing.abort();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
      return closed;
    },
  };
}
