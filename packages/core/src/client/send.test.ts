import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createSpectron } from "./spectron.ts";
import type { Spectron } from "./spectron.ts";

const servers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of servers.splice(0)) await stop();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers each request with the next of the script, and a client of it. */
async function scripted(
  answers: Answer[],
  options: { timeoutMs?: number; retries?: number } = {},
): Promise<{ spectron: Spectron; keys: (string | undefined)[]; bodies: string[] }> {
  const keys: (string | undefined)[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      keys.push(request.headers["idempotency-key"] as string | undefined);
      bodies.push(body);
      const answer = answers[Math.min(keys.length, answers.length) - 1];
      answer?.(request, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  servers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const spectron = createSpectron({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    context: "dev",
    apiKey: "sp-k-secret",
    retryBaseMs: 1,
    ...options,
  });
  return { spectron, keys, bodies };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };

const batch = { messages: [{ role: "user" as const, content: "a secret sentence" }] };
const ok = json(200, { sessionId: "s", turnIds: ["t"], extractions: [] });

describe("the request path", () => {
  test.each([429, 500, 502, 503, 504])(
    "repeats a keyed write after %i, with the same key and bytes",
    async (status) => {
      const { spectron, keys, bodies } = await scripted([json(status, {}), ok]);
      await spectron.facts.batch(batch, { idempotencyKey: "k1" });
      expect(keys).toEqual(["k1", "k1"]);
      expect(bodies[0]).toBe(bodies[1]);
    },
  );

  test("repeats a key that is in flight, not one that was used for something else", async () => {
    const flying = await scripted([json(409, { code: "idempotency_in_flight" }), ok]);
    await flying.spectron.facts.batch(batch, { idempotencyKey: "k" });
    expect(flying.keys).toHaveLength(2);
    const used = await scripted([json(409, { code: "idempotency_mismatch", detail: "used" })]);
    await expect(used.spectron.facts.batch(batch, { idempotencyKey: "k" })).rejects.toMatchObject({
      code: "idempotency_mismatch",
      status: 409,
      retryable: false,
    });
    expect(used.keys).toHaveLength(1);
  });

  test("never repeats a write without a key", async () => {
    const { spectron, keys } = await scripted([json(503, {})]);
    await expect(spectron.facts.batch(batch)).rejects.toMatchObject({
      code: "server",
      status: 503,
    });
    expect(keys).toHaveLength(1);
  });

  test("gives up after the retries, and repeats reads", async () => {
    const { spectron, keys } = await scripted([json(503, {})], { retries: 2 });
    await expect(spectron.query({ query: "q" })).rejects.toMatchObject({ status: 503 });
    expect(keys).toHaveLength(3);
  });

  test.each([400, 401, 403, 404, 413, 422, 501])("does not repeat %i", async (status) => {
    const { spectron, keys } = await scripted([json(status, { detail: "no" })]);
    await expect(spectron.facts.batch(batch, { idempotencyKey: "k" })).rejects.toMatchObject({
      status,
    });
    expect(keys).toHaveLength(1);
  });

  test("repeats after a cut connection", async () => {
    const { spectron, keys } = await scripted([(_, response) => response.destroy(), ok]);
    await spectron.facts.batch(batch, { idempotencyKey: "k" });
    expect(keys).toHaveLength(2);
  });

  test.each<[string, Answer]>([
    ["cut JSON", (_, response) => response.end('{"sessionId": "s"')],
    ["an HTML page", (_, response) => response.end("<html>login</html>")],
    ["a bare string", (_, response) => response.end('"ok"')],
    [
      "a redirect",
      (_, response) => response.writeHead(307, { location: "http://example.com/" }).end(),
    ],
  ])("refuses %s as an answer", async (_, answer) => {
    const { spectron, keys } = await scripted([answer]);
    await expect(spectron.query({ query: "q" })).rejects.toMatchObject({
      code: "invalid_response",
    });
    expect(keys).toHaveLength(1);
  });

  test.each<[string, Answer]>([
    ["no answer at all", () => undefined],
    ["a body that stalls", (_, response) => response.writeHead(200).write("{")],
  ])("ends %s at the timeout", async (_, answer) => {
    const { spectron } = await scripted([answer], { timeoutMs: 60, retries: 0 });
    await expect(spectron.query({ query: "q" })).rejects.toMatchObject({ code: "timeout" });
  });

  test("stops at the caller's abort", async () => {
    const abort = new AbortController();
    const { spectron } = await scripted([
      () => {
        abort.abort();
      },
    ]);
    await expect(spectron.query({ query: "q" }, { signal: abort.signal })).rejects.toMatchObject({
      code: "aborted",
    });
  });

  test("no error text holds content or the key", async () => {
    const { spectron } = await scripted([json(400, { detail: "bad" })]);
    const error: unknown = await spectron.facts.batch(batch).catch((thrown: unknown) => thrown);
    expect(String(error)).not.toMatch(/secret/);
  });
});

test.each([
  [{ url: "localhost", context: "dev" }, /"url" must be an http\(s\) URL/],
  [{ url: "http://localhost", context: "a b" }, /"context" must be/],
  [{ url: "http://localhost", context: "dev", timeoutMs: 0 }, /"timeoutMs" must be/],
  [{ url: "http://localhost", context: "dev", retries: -1 }, /"retries" must be/],
])("options %j are refused at creation", (options, message) => {
  expect(() => createSpectron(options)).toThrow(message);
});
