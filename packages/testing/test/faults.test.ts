import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { createSpectron } from "@spectron/core";
import type { MemoryError, Spectron, SpectronOptions } from "@spectron/core";
import { createAdapterMemory } from "@spectron/core/adapter";
import type { AdapterMemory } from "@spectron/core/adapter";
import { serve } from "@spectron/server";
import type { RunningServer } from "@spectron/server";
import { seeded, startFaultProxy, startTestService } from "@spectron/testing";
import type { Fault, FaultProxy } from "@spectron/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

const SEED = Number(process.env["SPECTRON_SEED"] ?? 7);
const THREADS = 8;
/** Faults of each row: on every change, and in a nightly run. */
const COUNTS = {
  F5: [300, 5000],
  F6: [300, 5000],
  F7: [50, 500],
  F8: [500, 10_000],
  F9: [60, 600],
  F11: [20, 200],
  F12: [200, 5000],
  F14: [10, 10],
  // a nightly run makes five of these
  F23: [1000, 10_000],
  F26: [300, 5000],
} as const;
const isNightly = Number(process.env["SPECTRON_RUNS"] ?? 1) >= 10;
const times = (row: keyof typeof COUNTS): number => COUNTS[row][isNightly ? 1 : 0];
const minutes = (isNightly ? 20 : 3) * 60_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let folder: string;
let server: RunningServer;
let proxy: FaultProxy;
let spectron: Spectron;
let errors: MemoryError[];
let run = 0;

const API_KEY = "sk-faults-0123456789";
const connect = (options: Partial<SpectronOptions> = {}): Spectron =>
  createSpectron({
    url: proxy.url,
    apiKey: API_KEY,
    context: "dev",
    retryBaseMs: 1,
    retries: 5,
    // each test has a transport of its own, and with it an outbox
    fetch: async (input, init) => globalThis.fetch(input, init),
    ...options,
  });
const memoryOf = (handle: Spectron): AdapterMemory =>
  createAdapterMemory({
    spectron: handle,
    adapter: "kit",
    recall: false,
    onError: (error) => errors.push(error),
  });
const scopeOf = (thread: number): string => `org/acme/run${run}/thread${thread}`;
const said = (index: number): { role: "user"; text: string; anchor: string } => ({
  role: "user",
  text: `line ${index}`,
  anchor: `m${index}`,
});

/** Units by thread: the i-th unit goes to thread i modulo THREADS. */
function write(memory: AdapterMemory, index: number): void {
  const thread = index % THREADS;
  memory.turn({ scope: scopeOf(thread), session: `s${thread}` }, { inputs: [said(index)] });
}

async function drain(handle: Spectron): Promise<void> {
  for (let tries = 0; (await handle.flush()).undelivered > 0; tries += 1)
    if (tries > 50) throw new Error(`not drained, seed ${SEED}`);
}

/** What the service holds of a thread, by asking it without a proxy. */
async function stored(thread: number): Promise<string[]> {
  const direct = createSpectron({ url: server.url, apiKey: API_KEY, context: "dev" });
  const scope = scopeOf(thread);
  const id = await createAdapterMemory({ spectron: direct, adapter: "kit" }).sessionId({
    scope,
    session: `s${thread}`,
  });
  const lines: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await direct.sessions.turns(id, { limit: 500, cursor });
    lines.push(...page.turns.map(({ content }) => content));
    cursor = page.page?.nextCursor;
  } while (cursor !== undefined);
  return lines;
}

/** Threads that lost, doubled or reordered something. */
async function mistakes(total: number): Promise<string[]> {
  const wrong: string[] = [];
  for (let thread = 0; thread < THREADS; thread += 1) {
    const expected: string[] = [];
    for (let index = thread; index < total; index += THREADS) expected.push(`line ${index}`);
    const found = await stored(thread);
    if (JSON.stringify(found) !== JSON.stringify(expected))
      wrong.push(`thread ${thread}, seed ${SEED}: ${found.join()}`);
  }
  return wrong;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-faults-"));
  server = await serve({ data: folder, port: 0, apiKey: API_KEY });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  run += 1;
  errors = [];
  proxy = await startFaultProxy(server.url);
  spectron = connect();
});
afterEach(async () => {
  await proxy.close();
});

/** Writes units while a seeded choice of faults is active, then drains through whatever goes on failing. */
async function under(total: number, fault: (random: () => number) => Fault): Promise<string[]> {
  const random = seeded(SEED + run);
  proxy.decide(() => fault(random));
  const memory = memoryOf(spectron);
  for (let index = 0; index < total; index += 1) write(memory, index);
  await drain(spectron);
  return mistakes(total);
}

describe("nothing is lost, doubled or reordered", () => {
  test(
    "F5: when three in ten answers are lost after the commit",
    { timeout: minutes },
    async () => {
      expect(
        await under(times("F5"), (random) => ({ kind: random() < 0.3 ? "swallow" : "pass" })),
      ).toEqual([]);
      const replays = proxy.seen.flatMap(({ answers }) =>
        answers.filter(({ replayed }) => replayed),
      );
      expect(replays.length).toBeGreaterThan(0);
    },
  );

  test(
    "F6: when each request arrives two to five times at once",
    { timeout: minutes },
    async () => {
      expect(
        await under(times("F6"), (random) => ({
          kind: "duplicate",
          times: 2 + Math.floor(random() * 4),
        })),
      ).toEqual([]);
    },
  );

  test(
    "F8: when requests are held for a random time, and every reader sees one order",
    { timeout: minutes },
    async () => {
      const snapshots: Promise<string[]>[] = [];
      const between = Math.ceil(times("F8") / 20);
      expect(
        await under(times("F8"), (random) => {
          if (proxy.seen.length % between === 0) snapshots.push(stored(0));
          return { kind: "hold", ms: random() * 200 };
        }),
      ).toEqual([]);
      const whole = await stored(0);
      for (const seen of await Promise.all(snapshots))
        expect(seen).toEqual(whole.slice(0, seen.length));
      expect(snapshots.length).toBeGreaterThan(10);
    },
  );

  test(
    "F9: when the service is busy, whatever it says about coming back",
    { timeout: minutes },
    async () => {
      const told = [undefined, "0", "soon", "-1", "Thu, 01 Jan 1970 00:00:00 GMT", ""];
      expect(
        await under(times("F9"), (random) =>
          random() < 0.4
            ? {
                kind: "answer",
                status: random() < 0.5 ? 429 : 503,
                headers: ((text) => (text === undefined ? {} : { "retry-after": text }))(
                  told[Math.floor(random() * told.length)],
                ),
                body: '{"status":503}',
              }
            : { kind: "pass" },
        ),
      ).toEqual([]);
    },
  );

  test("F11: when answers stall", { timeout: minutes }, async () => {
    spectron = connect({ timeoutMs: 150 });
    expect(
      await under(times("F11"), (random) =>
        random() < 0.3 ? { kind: "answer", status: 200, stalls: true } : { kind: "pass" },
      ),
    ).toEqual([]);
  });

  test("F12: when bodies are cut, foreign, empty or a bomb", { timeout: minutes }, async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000, 32));
    const deep = `${"[".repeat(1e6)}${"]".repeat(1e6)}`;
    const broken: Fault[] = [
      { kind: "cut", bytes: 20 },
      { kind: "answer", status: 200, body: '{"sessionId":"s","turnIds":[' },
      { kind: "answer", status: 503, headers: { "content-type": "text/html" }, body: "<html>" },
      { kind: "answer", status: 502, body: "" },
      { kind: "answer", status: 503, body: deep },
      { kind: "answer", status: 503, headers: { "content-encoding": "gzip" }, body: bomb },
    ];
    const before = heldBytes();
    expect(
      await under(times("F12"), (random) =>
        random() < 0.3
          ? (broken[Math.floor(random() * broken.length)] ?? { kind: "pass" })
          : { kind: "pass" },
      ),
    ).toEqual([]);
    // what the proxy wrote down is its own
    proxy.seen.length = 0;
    expect(heldBytes() - before).toBeLessThan(50 * 1024 * 1024);
  });

  test("F14: over partitions in either direction", { timeout: minutes }, async () => {
    spectron = connect({ timeoutMs: 300, retries: 1 });
    const memory = memoryOf(spectron);
    const random = seeded(SEED);
    let index = 0;
    for (let partition = 0; partition < times("F14"); partition += 1) {
      proxy.decide(() => ({ kind: random() < 0.5 ? "black-hole" : "mute" }));
      for (let unit = 0; unit < THREADS; unit += 1) write(memory, index++);
      expect((await spectron.flush()).undelivered).toBeGreaterThan(0);
      proxy.heal();
      await drain(spectron);
    }
    expect(await mistakes(index)).toEqual([]);
  });

  test.each(isNightly ? [1, 2, 3, 4, 5] : [1])(
    "F23: when the service closes idle connections after 20 ms, and nobody notices (part %i)",
    { timeout: minutes },
    async (part) => {
      await proxy.close();
      proxy = await startFaultProxy(server.url, { keepAliveMs: 20 });
      spectron = connect();
      const random = seeded(SEED + part);
      const memory = memoryOf(spectron);
      const total = times("F23");
      for (let index = 0; index < total; index += 1) {
        write(memory, index);
        if (index % 50 === 49) {
          await spectron.flush();
          await new Promise((resolve) => {
            setTimeout(resolve, 15 + random() * 10);
          });
        }
      }
      await drain(spectron);
      expect(await mistakes(total)).toEqual([]);
      expect(errors).toEqual([]);
    },
  );

  test("F26: when callers stop waiting at random points", { timeout: minutes }, async () => {
    const random = seeded(SEED);
    proxy.decide(() => ({ kind: "hold", ms: random() * 10 }));
    const memory = createAdapterMemory({
      spectron,
      adapter: "kit",
      recall: { timeoutMs: 60_000 },
    });
    const total = times("F26");
    const outcomes = await Promise.all(
      Array.from({ length: total }, async (_, index) => {
        const thread = index % THREADS;
        const controller = new AbortController();
        if (random() < 0.6)
          setTimeout(() => {
            controller.abort();
          }, random() * 400);
        const { signal } = controller;
        const turn = memory.turn(
          { scope: scopeOf(thread), session: `s${thread}` },
          { inputs: [said(index)], query: said(index).text, queryAnchor: `${index}`, signal },
        );
        await turn.block;
        if (signal.aborted) turn.abort();
        else await turn.delivered();
        return signal.aborted;
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set([true, false]));
    await drain(spectron);
    expect(await mistakes(total)).toEqual([]);
  });
});

test("F7: a message with an id that is sent again days later, by another process, stays one turn", async () => {
  let clock = Date.parse("2026-05-01T10:00:00Z");
  const service = await startTestService({ now: () => clock });
  const total = times("F7");
  for (let day = 0; day < 2; day += 1) {
    const handle = createSpectron({
      ...service.service,
      fetch: async (input, init) => service.fetch(input, init),
    });
    const memory = memoryOf(handle);
    for (let index = 0; index < total; index += 1)
      memory.turn(
        { scope: "u/a", session: "s" },
        { inputs: [{ ...said(index), id: `id-${index}` }] },
      );
    await handle.flush();
    clock += 3 * 86_400_000;
  }
  expect(service.batches()).toHaveLength(2 * total);
  expect(await service.stored()).toEqual(
    Array.from({ length: total }, (_, index) => `user: line ${index}`),
  );
  await service.stop();
});

test.each([301, 302, 303, 307, 308])(
  "F22: a redirect with %i to another host is reported, and that host gets nothing",
  async (status) => {
    let received = 0;
    const other = createServer((_, response) => {
      received += 1;
      response.end();
    });
    await new Promise<void>((resolve) => {
      other.listen(0, "127.0.0.1", resolve);
    });
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    proxy.decide(() => ({ kind: "answer", status, headers: { location } }));
    const memory = memoryOf(spectron);
    write(memory, 0);
    await spectron.flush();
    expect(errors.map(({ code }) => code)).toEqual(["invalid_response"]);
    expect(received).toBe(0);
    other.closeAllConnections();
    other.close();
  },
);
