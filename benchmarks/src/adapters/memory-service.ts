import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextRound, setTimeout as delay } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import type { MockBehaviour, MockRequest } from "./memory-server.ts";

// The mock's side of `startMemoryServer`, in a thread of its own.

const MEMORY = "The user lives in Braga.";

interface Route {
  kind: MockRequest["kind"];
  answer: () => unknown;
}

const PROFILE = { static: [], dynamic: [], preferences: [], instructions: [] };

/** One server that speaks the wire of every contender and remembers one fact. */
const routes: [pattern: RegExp, route: Route][] = [
  [
    /\/health$/,
    {
      kind: "setup",
      answer: () => ({
        status: "ok",
        wire: ["W1"],
        capabilities: ["client-message-id", "external-session-id"],
      }),
    },
  ],
  [/\/sessions$/, { kind: "setup", answer: () => ({ id: "sess_1" }) }],
  [
    /\/facts\/batch$/,
    {
      kind: "write",
      answer: () => ({ sessionId: "sess_1", turnIds: ["turn_1"], extractions: [] }),
    },
  ],
  [/\/context$/, { kind: "read", answer: () => ({ context: `- ${MEMORY}`, profile: PROFILE }) }],
  [
    /\/api\/v1\/[^/]+\/profile$/,
    {
      kind: "read",
      answer: () => PROFILE,
    },
  ],
  [
    /\/v3\/memories\/search\/$/,
    { kind: "read", answer: () => ({ results: [{ memory: MEMORY }] }) },
  ],
  [/\/v3\/memories\/add\/$/, { kind: "write", answer: () => ({ results: [] }) }],
  [
    /\/v4\/profile$/,
    {
      kind: "read",
      answer: () => ({
        profile: { static: [MEMORY], dynamic: [] },
        searchResults: { results: [] },
      }),
    },
  ],
  [/\/v4\/conversations$/, { kind: "write", answer: () => ({ id: "doc_1" }) }],
];

const requests: MockRequest[] = [];
let behaviour: MockBehaviour = { delayMs: 0 };

/** Timers come up to two milliseconds late, which would count as time of the adapters. */
async function until(time: number): Promise<void> {
  await delay(Math.max(0, time - performance.now() - 2));
  while (performance.now() < time) await nextRound();
}

const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const at = performance.now();
  const path = new URL(request.url ?? "/", "http://mock").pathname;
  const route = routes.find(([pattern]) => pattern.test(path))?.[1];
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (route === undefined) throw new Error(`The mock does not know ${request.method} ${path}.`);
  requests.push({
    kind: route.kind,
    at,
    bytes: text.length,
    messages: route.kind === "write" ? messagesOf(text) : [],
  });
  const { delayMs, failure } = behaviour;
  if (failure === "hanging") return;
  if (delayMs > 0) await until(at + delayMs);
  response.writeHead(failure === "dead" ? 500 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(failure === "dead" ? { error: "down" } : route.answer()));
};

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    console.error(error);
    response.writeHead(404).end();
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
parentPort?.on("message", (next: MockBehaviour | undefined) => {
  behaviour = next ?? behaviour;
  parentPort?.postMessage(requests.splice(0));
});
parentPort?.postMessage((server.address() as AddressInfo).port);

function messagesOf(text: string): string[] {
  const { messages } = JSON.parse(text) as { messages: { content: unknown }[] };
  return messages.map(({ content }) =>
    Array.isArray(content)
      ? content.map((part: { text?: string }) => part.text ?? "").join("")
      : String(content),
  );
}
