import { once } from "node:events";
import { startTestPostgres } from "@spectron/testing";
import type { TestPostgres } from "@spectron/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { API_KEY, startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

/** Set for a long run at the counts of a release. */
const IS_FULL = process.env["SPECTRON_FULL"] === "1";
const COUNTS = IS_FULL
  ? { runs: 20, appends: 45, increments: 1000, rounds: 20, killEvery: 150 }
  : { runs: 1, appends: 6, increments: 5, rounds: 3, killEvery: 30 };

let postgres: TestPostgres;
let servers: ServerProcess[];
beforeAll(async () => {
  postgres = await startTestPostgres();
  servers = await Promise.all([start("0"), start("0")]);
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

const start = async (port: string): Promise<ServerProcess> =>
  startServer(["--database", postgres.url, "--port", port]);

/** Kills one server after the other, each after so many more calls, and starts it again at its address. */
function createKiller(): { called(): void; finish(): Promise<number> } {
  let calls = 0;
  let kills = 0;
  let killing: Promise<void> | undefined;
  const kill = async (): Promise<void> => {
    const index = kills % servers.length;
    kills += 1;
    const victim = servers[index];
    if (victim === undefined) return;
    const exited = once(victim.child, "exit");
    victim.child.kill("SIGKILL");
    await exited;
    servers[index] = await start(new URL(victim.url).port);
  };
  return {
    called() {
      calls += 1;
      if (calls % COUNTS.killEvery === 0) killing ??= kill().finally(() => (killing = undefined));
    },
    async finish() {
      await killing;
      return kills;
    },
  };
}

/** One request to one of the servers; the other is asked while that one is down or says to retry. */
async function call(
  index: number,
  method: string,
  route: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  for (let tries = 0; ; tries += 1) {
    const url = servers[(index + tries) % servers.length]?.url ?? "";
    try {
      const response = await fetch(`${url}/api/v1/dev/${route}`, {
        method,
        headers: { authorization: `Bearer ${API_KEY}`, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      if (response.status !== 503 && answer["code"] !== "idempotency_in_flight")
        return { status: response.status, body: answer };
    } catch {
      // killed; what it was asked may have happened, which is what the key is for
    }
    await new Promise(setImmediate);
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

describe("two server processes on one PostgreSQL", { timeout: 3_600_000 }, () => {
  test("a session grows at its end alone for every reader of either server, whichever is killed", async () => {
    const killer = createKiller();
    for (let run = 0; run < COUNTS.runs; run += 1) {
      const session = await openSession(0, `list-${run}`);
      await Promise.all(
        Array.from({ length: 10 }, async (_, client) => {
          let before: string[] = [];
          for (let count = 0; count < COUNTS.appends; count += 1) {
            const text = `${client}.${count}`;
            const headers = { "idempotency-key": `list-${run}-${text}` };
            expect(await append(client + count, session, text, {}, headers)).toBe(200);
            killer.called();
            const read = await transcript(client + count + 1, session);
            expect(read.slice(0, before.length)).toEqual(before);
            expect(read).toContain(text);
            before = read;
          }
        }),
      );
      const all = await transcript(0, session);
      expect(new Set(all).size).toBe(10 * COUNTS.appends);
      expect(all).toHaveLength(10 * COUNTS.appends);
    }
    expect(await killer.finish()).toBeGreaterThan(0);
  });

  test("increments from sixteen writers, each sent twice, count exactly once, whichever is killed", async () => {
    const killer = createKiller();
    const sessions = await Promise.all(
      Array.from({ length: 16 }, async (_, writer) => openSession(writer, `counter-${writer}`)),
    );
    const shared = await openSession(0, "counter");
    await Promise.all(
      Array.from({ length: 16 }, async (_, writer) => {
        for (let count = 0; count < COUNTS.increments; count += 1) {
          // all writers meet in one session; a long run goes on in one for each, so that each can be read whole
          const session = count < 20 ? shared : (sessions[writer] ?? "");
          const headers = { "idempotency-key": `count-${writer}-${count}` };
          await Promise.all(
            [0, 1].map(async (index) => append(index, session, `${writer}.${count}`, {}, headers)),
          );
          killer.called();
        }
      }),
    );
    expect(await killer.finish()).toBeGreaterThan(0);
    const counts = await Promise.all(
      [shared, ...sessions].map(async (session) => {
        const { body } = await call(1, "GET", `sessions/${session}`);
        return Number(body["turnCount"]);
      }),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(16 * COUNTS.increments);
    const all = await transcript(1, shared);
    expect(new Set(all).size).toBe(all.length);
  });

  test("a hundred calls for one external id get one session", async () => {
    for (let round = 0; round < COUNTS.rounds; round += 1) {
      const ids = await Promise.all(
        Array.from({ length: 100 }, async (_, index) => openSession(index, `thread-${round}`)),
      );
      expect(new Set(ids).size).toBe(1);
    }
  });
});
