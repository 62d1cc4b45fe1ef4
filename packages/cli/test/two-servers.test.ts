import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startTestPostgres } from "@spectron/testing";
import type { TestPostgres } from "@spectron/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const API_KEY = "sp-test-0123456789abcdef0123456789abcdef";
const BIN = fileURLToPath(new URL("../src/bin.ts", import.meta.url));

interface Server {
  url: string;
  child: ChildProcess;
}

let postgres: TestPostgres;
let servers: Server[];
beforeAll(async () => {
  postgres = await startTestPostgres();
  servers = await Promise.all([start(), start()]);
}, 300_000);
afterAll(async () => {
  await Promise.all(
    servers.map(async ({ child }) => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    }),
  );
  await postgres.stop();
}, 120_000);

/** A server process of its own, as an operator starts it. */
async function start(): Promise<Server> {
  const child = spawn(
    process.execPath,
    [
      "--conditions=@spectron/source",
      "--no-warnings",
      BIN,
      "serve",
      "--database",
      postgres.url,
      "--port",
      "0",
      "--api-key",
      API_KEY,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { url, child };
  }
  throw new Error("The server ended before it listened.");
}

/** One request to one of the servers, again while the answer says to retry. */
async function call(
  index: number,
  method: string,
  route: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const url = servers[index % servers.length]?.url ?? "";
  for (;;) {
    const response = await fetch(`${url}/api/v1/dev/${route}`, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (response.status !== 503 && answer["code"] !== "idempotency_in_flight")
      return { status: response.status, body: answer };
  }
}

async function openSession(index: number, externalId: string): Promise<string> {
  const { body } = await call(index, "POST", "sessions", { externalId, scopes: [["u/a"]] });
  return String(body["id"]);
}

async function transcript(index: number, session: string): Promise<string[]> {
  const { body } = await call(index, "GET", `sessions/${session}/turns?limit=500`);
  return (body["turns"] as { content: string }[]).map(({ content }) => content);
}

async function append(
  index: number,
  session: string,
  text: string,
  extra: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<number> {
  const { status } = await call(
    index,
    "POST",
    "facts/batch",
    { sessionId: session, messages: [{ role: "user", content: text }], infer: "none", ...extra },
    headers,
  );
  return status;
}

describe("two server processes on one PostgreSQL", { timeout: 300_000 }, () => {
  test("a session grows at its end alone for every reader of either server", async () => {
    const session = await openSession(0, "list");
    await Promise.all(
      Array.from({ length: 10 }, async (_, client) => {
        let before: string[] = [];
        for (let count = 0; count < 6; count += 1) {
          expect(await append(client + count, session, `${client}.${count}`)).toBe(200);
          const read = await transcript(client + count + 1, session);
          expect(read.slice(0, before.length)).toEqual(before);
          expect(read).toContain(`${client}.${count}`);
          before = read;
        }
      }),
    );
    const all = await transcript(0, session);
    expect(new Set(all).size).toBe(60);
    expect(all).toHaveLength(60);
  });

  test("increments from sixteen writers, each sent twice, count exactly once", async () => {
    const session = await openSession(0, "counter");
    await Promise.all(
      Array.from({ length: 16 }, async (_, writer) => {
        for (let count = 0; count < 5; count += 1) {
          const headers = { "idempotency-key": `count-${writer}-${count}` };
          await Promise.all(
            [0, 1].map(async (index) => append(index, session, `${writer}.${count}`, {}, headers)),
          );
        }
      }),
    );
    const all = await transcript(1, session);
    expect(all).toHaveLength(80);
    expect(new Set(all).size).toBe(80);
  });

  test("a hundred calls for one external id get one session", async () => {
    for (let round = 0; round < 3; round += 1) {
      const ids = await Promise.all(
        Array.from({ length: 100 }, async (_, index) => openSession(index, `thread-${round}`)),
      );
      expect(new Set(ids).size).toBe(1);
    }
  });
});
