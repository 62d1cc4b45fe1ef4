import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@spectron/server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { API_KEY, startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

/** Stops under load; raise it for a long run. */
const STOPS = Number(process.env["SPECTRON_STOPS"] ?? 2);
/** Something that happens once, and can be waited for. */
interface Event {
  happen(): void;
  happened: Promise<void>;
}

function createEvent(): Event {
  let happen = (): void => undefined;
  const happened = new Promise<void>((resolve) => (happen = resolve));
  return { happen: () => happen(), happened };
}

const CLIENTS = 8;
const BATCHES = 12;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-stop-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function post(url: string, route: string, body: object, key?: string): Promise<Response> {
  return fetch(`${url}/api/v1/dev/${route}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${API_KEY}`,
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    body: JSON.stringify(body),
  });
}

const batch = (content: string, session?: string): object => ({
  session_id: session,
  scopes: [["org/acme/user/alice"]],
  messages: [{ role: "user", content }],
});

test("told to stop, a server finishes what is under way and tells others to come back", async () => {
  const begun = createEvent();
  const released = createEvent();
  const server = await serve({
    data: folder,
    port: 0,
    apiKey: API_KEY,
    extractor: {
      name: "slow",
      async extract() {
        begun.happen();
        await released.happened;
        return { facts: [], instructions: [], uncertainties: [], corrections: [] };
      },
    },
  });
  const underWay = post(server.url, "facts/batch", batch("I live in Braga."));
  await begun.happened;
  const closed = server.close();
  const late = await post(server.url, "query", { query: "Braga" });
  expect([late.status, late.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await late.json()).toMatchObject({ code: "stopping", status: 503 });
  released.happen();
  expect((await underWay).status).toBe(200);
  await closed;
  await expect(post(server.url, "query", { query: "Braga" })).rejects.toThrow();
});

const start = async (port: string): Promise<ServerProcess> =>
  startServer(["--data", folder, "--port", port]);

test(
  "stopped under load and started again, a server has every message once, and no answer was cut",
  { timeout: 3_600_000 },
  async () => {
    for (let stop = 0; stop < STOPS; stop += 1) {
      const first = await start("0");
      const { url } = first;
      const made = await post(url, "sessions", { scopes: [["org/acme/user/alice"]] });
      const { id: session } = (await made.json()) as { id: string };
      const restarted = createEvent();
      let acknowledged = 0;
      let wasStopped = false;
      const refused: [status: number, retryAfter: string | null, body: string][] = [];
      const clients = Promise.all(
        Array.from({ length: CLIENTS }, async (_, client) => {
          for (let count = 0; count < BATCHES;) {
            const text = `Stop ${stop}, client ${client}, message ${count}.`;
            const answer = await post(
              url,
              "facts/batch",
              batch(text, session),
              text.replaceAll(/\W+/g, "-"),
            ).catch(() => undefined);
            if (answer?.status === 200) {
              await answer.text();
              count += 1;
              acknowledged += 1;
              if (acknowledged === CLIENTS * 2) {
                wasStopped = first.child.kill("SIGTERM");
              }
              continue;
            }
            if (answer !== undefined)
              refused.push([answer.status, answer.headers.get("retry-after"), await answer.text()]);
            if (answer !== undefined && answer.status !== 503) break;
            await restarted.happened;
          }
        }),
      );
      const exit = once(first.child, "exit") as Promise<[number | null]>;
      const [code] = await Promise.race([exit, clients.then(async () => exit)]);
      expect([wasStopped, code]).toEqual([true, 0]);
      const second = await start(new URL(url).port);
      restarted.happen();
      await clients;
      for (const answer of refused)
        expect(answer).toEqual([503, "1", expect.stringContaining('"stopping"')]);
      const found = await fetch(`${url}/api/v1/dev/sessions/${session}`, {
        headers: { authorization: `Bearer ${API_KEY}` },
      });
      expect(await found.json()).toMatchObject({ turnCount: CLIENTS * BATCHES });
      const exited = once(second.child, "exit");
      second.child.kill("SIGTERM");
      await exited;
    }
  },
);
