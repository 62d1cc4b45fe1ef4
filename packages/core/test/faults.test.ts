import type { ServerResponse } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createSpectron, MemoryError } from "../src/index.ts";
import type { Spectron, SpectronOptions } from "../src/index.ts";
import { bodyOf, startRawServer } from "./raw-server.ts";
import { patience, runs, seeded } from "./runs.ts";

vi.setConfig({ testTimeout: patience });

const batch = { messages: [{ role: "user" as const, content: "hello" }] };
const stored = JSON.stringify({ sessionId: "sess_1", turnIds: ["turn_1"], extractions: [] });
const json = { "content-type": "application/json" };

function connect(url: string, options: Partial<SpectronOptions> = {}): Spectron {
  return createSpectron({ url, context: "dev", apiKey: "sp-k1-s", retryBaseMs: 1, ...options });
}

async function failure(work: Promise<unknown>): Promise<MemoryError | undefined> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error !== undefined && !MemoryError.isInstance(error))
    throw new Error("expected a MemoryError", { cause: error });
  return error;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a service that asks for a pause", () => {
  const headers: ((random: () => number) => [text: string | undefined, milliseconds?: number])[] = [
    (random) => {
      const seconds = Math.floor(random() * 25);
      return [String(seconds), seconds * 1000];
    },
    (random) => {
      const seconds = Math.floor(random() * 25);
      return [new Date(seconds * 1000).toUTCString(), seconds * 1000];
    },
    () => [undefined],
    () => ["soon"],
    () => ["-5"],
    () => ["1.5"],
    () => ["1000000000", 1e12],
  ];

  test("is given it and at most a fifth more, in no more than the allowed requests and time", async () => {
    const random = seeded(9);
    for (let run = 0; run < runs(60); run += 1) {
      const status = random() < 0.5 ? 429 : 503;
      const [text, told] = headers[run % headers.length]?.(random) ?? [undefined];
      const answers = Math.floor(random() * 6);
      const retries = Math.floor(random() * 5);
      const deadlineMs = 1000 + Math.floor(random() * 90_000);
      let clock = 0;
      let requests = 0;
      const waits: number[] = [];
      const { url, server } = await startRawServer((request, response) => {
        void bodyOf(request).then(() => {
          requests += 1;
          // the date form counts from now
          const header = text?.includes("GMT") ? new Date(clock + (told ?? 0)).toUTCString() : text;
          if (requests > answers) response.writeHead(200, json).end(stored);
          else
            response
              .writeHead(status, {
                ...json,
                ...(header === undefined ? {} : { "retry-after": header }),
              })
              .end("{}");
        });
      });
      const spectron = connect(url, {
        retries,
        deadlineMs,
        retryBaseMs: 250,
        random,
        now: () => clock,
        sleep: async (milliseconds) => {
          waits.push(milliseconds);
          // whole seconds keep the date form exact
          clock += text?.includes("GMT") ? Math.ceil(milliseconds / 1000) * 1000 : milliseconds;
        },
      });
      const error = await failure(spectron.facts.batch(batch, { idempotencyKey: `k-${run}` }));
      server.close();
      server.closeAllConnections();
      expect(requests).toBeLessThanOrEqual(retries + 1);
      expect(clock).toBeLessThanOrEqual(deadlineMs + 1000);
      const isOverCap = (told ?? 0) > 30_000;
      for (const [index, wait] of waits.entries()) {
        const [least, most] =
          told === undefined ? [0, 250 * 2 ** index] : [told, told * 1.2 + 1000];
        expect(isOverCap).toBe(false);
        expect(wait).toBeGreaterThanOrEqual(least);
        expect(wait).toBeLessThanOrEqual(most);
      }
      const gaveUp = requests <= answers;
      const refusal = { status, retryAfterMs: told };
      expect(error === undefined).toBe(!gaveUp);
      expect(error ?? refusal).toMatchObject(refusal);
      // it gave up for a reason: no attempt left, a pause above the cap, or no time left
      expect(
        !gaveUp ||
          requests === retries + 1 ||
          isOverCap ||
          clock + (told ?? 4000) * 1.2 + 1000 >= deadlineMs,
      ).toBe(true);
    }
  });
});

describe("an answer that stalls or drips", () => {
  const stalls: ((response: ServerResponse) => void)[] = [
    () => undefined,
    (response) => response.writeHead(200, json).flushHeaders(),
    (response) => response.writeHead(200, json).write('{"sessionId":'),
    (response) => response.writeHead(503, json).write("{"),
    (response) => {
      response.writeHead(200, json);
      const drip = setInterval(() => response.write(" "), 10);
      response.on("close", () => {
        clearInterval(drip);
      });
    },
  ];

  test("ends at the deadline, not before, and frees the socket", async () => {
    for (let run = 0; run < runs(20); run += 1) {
      const reached = Promise.withResolvers<void>();
      const freed = Promise.withResolvers<void>();
      const { url } = await startRawServer((request, response) => {
        response.on("close", freed.resolve);
        void bodyOf(request).then(() => {
          stalls[run % stalls.length]?.(response);
          reached.resolve();
        });
      });
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      // the limit of one attempt on even runs, of the whole call on odd ones
      const limits = run % 2 === 0 ? { timeoutMs: 500 } : { deadlineMs: 500 };
      let settled = false;
      const failing = failure(
        connect(url, { retries: run % 2 === 0 ? 0 : 3, ...limits }).facts.batch(batch, {
          idempotencyKey: "k",
        }),
      ).finally(() => {
        settled = true;
      });
      await reached.promise;
      await vi.advanceTimersByTimeAsync(499);
      expect(settled).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(await failing).toMatchObject({ code: "timeout", outcomeUnknown: true });
      await freed.promise;
      vi.useRealTimers();
    }
  });
});

describe("a body that is not what it claims", () => {
  const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, " "));
  const nest = (open: string, close: string): string =>
    `{"sessionId":"s","turnIds":${open.repeat(1e6)}1${close.repeat(1e6)}}`;
  const deep = nest("[", "]");
  const deepObject = nest('{"a":', "}");

  const bodies: [
    name: string,
    make: (random: () => number) => { head: Record<string, string>; body: string | Buffer },
  ][] = [
    [
      "JSON cut at any byte, with the length of what is left",
      (random) => ({
        head: json,
        body: stored.slice(0, 1 + Math.floor(random() * (stored.length - 1))),
      }),
    ],
    [
      "a web page",
      (random) => ({
        head: { "content-type": random() < 0.5 ? "text/html" : "application/json" },
        body: "<!doctype html><title>Sign in</title>",
      }),
    ],
    [
      "JSON under another type",
      (random) => ({
        head: {
          "content-type": ["text/html", "text/plain", "image/png"][Math.floor(random() * 3)] ?? "",
        },
        body: stored,
      }),
    ],
    ["no type at all", () => ({ head: {}, body: stored })],
    ["nothing", () => ({ head: json, body: "" })],
    ["blanks", () => ({ head: json, body: " \n" })],
    ["a byte order mark", () => ({ head: json, body: `\ufeff${stored}` })],
    ["UTF-16", () => ({ head: json, body: Buffer.from(stored, "utf16le") })],
    [
      "half a character",
      () => ({
        head: json,
        body: Buffer.concat([
          Buffer.from('{"turnIds":[],"sessionId":"'),
          Buffer.from("\u00e9").subarray(0, 1),
          Buffer.from('"}'),
        ]),
      }),
    ],
    [
      "a bare value",
      (random) => ({
        head: json,
        body: ['"ok"', "1", "null", "true"][Math.floor(random() * 4)] ?? "",
      }),
    ],
    ["JSON of another service", () => ({ head: json, body: '{"error":"sign in first"}' })],
    ["a list", () => ({ head: json, body: "[]" })],
    ["two values", () => ({ head: json, body: `${stored}${stored}` })],
    ["arrays a million deep", () => ({ head: json, body: deep })],
    ["objects a million deep", () => ({ head: json, body: deepObject })],
    ["a packed bomb", () => ({ head: { ...json, "content-encoding": "gzip" }, body: bomb })],
    [
      "packed bytes that are not",
      () => ({ head: { ...json, "content-encoding": "gzip" }, body: Buffer.from(stored) }),
    ],
  ];

  test.each(bodies)("%s is a typed error, never a success", async (name, make) => {
    const random = seeded(12);
    const { url } = await startRawServer((request, response) => {
      void bodyOf(request).then(() => {
        const { head, body } = make(random);
        response.writeHead(200, { ...head, "content-length": String(Buffer.byteLength(body)) });
        response.end(body);
      });
    });
    const spectron = connect(url, { retries: 1 });
    // the megabytes take the time of all others together
    const isHeavy = /million|bomb/.test(name);
    const times = Math.ceil(runs(isHeavy ? 24 : 180) / bodies.length);
    const before = heldBytes();
    for (let run = 0; run < times; run += 1) {
      const error = await failure(spectron.facts.batch(batch, { idempotencyKey: "k" }));
      expect(["invalid_response", "connection"]).toContain(error?.code);
      expect(error?.outcomeUnknown).toBe(true);
    }
    expect(heldBytes() - before).toBeLessThan(50 * 1024 * 1024);
  });

  test("a refusal with such a body keeps its status", async () => {
    const kinds = ["{", "<html>", "", deep, "\ufeff{}"];
    let at = 0;
    const { url } = await startRawServer((request, response) => {
      void bodyOf(request).then(() => response.writeHead(403, json).end(kinds[at]));
    });
    for (at = 0; at < kinds.length; at += 1)
      expect(await failure(connect(url).facts.batch(batch))).toMatchObject({
        code: "forbidden",
        status: 403,
        outcomeUnknown: false,
      });
  });

  test("an answer up to the bound is read, and one byte more is not", async () => {
    const { url } = await startRawServer((request, response) => {
      void bodyOf(request).then(() => response.writeHead(200, json).end(stored));
    });
    const size = Buffer.byteLength(stored);
    await connect(url, { maxResponseBytes: size }).facts.batch(batch);
    const error = await failure(connect(url, { maxResponseBytes: size - 1 }).facts.batch(batch));
    expect(error).toMatchObject({ code: "invalid_response", retryable: false });
    expect(error?.message).toContain("maxResponseBytes");
  });

  test("depth that real answers have is no fault, also inside texts", async () => {
    const nested = `${"[".repeat(500)}${"]".repeat(500)}`;
    const content = JSON.stringify(`${"[{".repeat(5000)}\\"\\\\`);
    const { url } = await startRawServer((request, response) => {
      void bodyOf(request).then(() =>
        response.writeHead(200, json).end(`{"turns":[{"content":${content},"parts":${nested}}]}`),
      );
    });
    const { turns } = await connect(url).sessions.turns("s");
    expect(JSON.stringify(turns[0]?.content)).toBe(content);
  });
});

describe("a redirect", () => {
  test.each([301, 302, 303, 307, 308])(
    "%i to another host, port or scheme is refused, and nothing is sent there",
    async (status) => {
      let reached = 0;
      const other = await startRawServer((_, response) => {
        reached += 1;
        response.writeHead(200, json).end(stored);
      });
      other.server.on("connection", () => {
        reached += 1;
      });
      let target = "";
      const { url, port } = await startRawServer((request, response) => {
        void bodyOf(request).then(() => response.writeHead(status, { location: target }).end());
      });
      for (let run = 0; run < runs(4); run += 1) {
        target =
          [
            `${other.url}/api/v1/dev/facts/batch`,
            `//127.0.0.1:${other.port}/api/v1/dev/facts/batch`,
            `https://127.0.0.1:${other.port}/`,
            `http://localhost:${port}/api/v1/dev/facts/batch`,
          ][run % 4] ?? "";
        for (const call of [
          async () => connect(url).facts.batch(batch, { idempotencyKey: "k" }),
          async () => connect(url).query({ query: "q" }),
          async () => connect(url).me(),
        ])
          expect(await failure(call())).toMatchObject({
            code: "invalid_response",
            retryable: false,
          });
      }
      expect(reached).toBe(0);
    },
  );

  test("that a transport followed by itself is no answer", async () => {
    const other = await startRawServer((_, response) => {
      response.writeHead(200, json).end(stored);
    });
    const { url } = await startRawServer((request, response) => {
      void bodyOf(request).then(() => response.writeHead(302, { location: other.url }).end());
    });
    const fetch: typeof globalThis.fetch = async (input, init) =>
      globalThis.fetch(input, { ...init, redirect: "follow" });
    expect(await failure(connect(url, { fetch }).me())).toMatchObject({ code: "invalid_response" });
  });
});

describe("a connection that the service closes while it is kept", () => {
  test.each(["after each answer", "when it is used again"])("%s costs no error", async (when) => {
    const used = new WeakSet<object>();
    const done = new Map<string, number>();
    let refused = 0;
    const { url } = await startRawServer((request, response) => {
      const { socket } = request;
      if (when === "when it is used again" && used.has(socket)) {
        refused += 1;
        socket.destroy();
        return;
      }
      used.add(socket);
      void bodyOf(request).then(() => {
        const key = String(request.headers["idempotency-key"]);
        done.set(key, (done.get(key) ?? 0) + 1);
        response.writeHead(200, json).end(stored, () => {
          // the client may already have put its next request on the wire
          if (when === "after each answer") socket.end();
        });
      });
    });
    const spectron = connect(url, { sleep: async () => undefined });
    const lanes = Array.from({ length: 8 }, (_, lane) => lane);
    const each = Math.ceil(runs(1000) / 2 / lanes.length);
    await Promise.all(
      lanes.map(async (lane) => {
        for (let index = 0; index < each; index += 1)
          await spectron.facts.batch(batch, { idempotencyKey: `${lane}-${index}` });
      }),
    );
    expect(done.size).toBe(each * lanes.length);
    expect(refused > each).toBe(when === "when it is used again");
  });
});

describe("an abort by the caller", () => {
  /** Where the abort strikes: before anything, on the way, and at each step of the service. */
  const points = ["before", "soon", "arrived", "stored", "head", "half", "pause", "whole"] as const;

  test("at any point leaves the write absent or stored once, sends nothing later, and says when it cannot know", async () => {
    const random = seeded(26);
    const effects = new Map<string, number>();
    let requests = 0;
    let strike: (point: string) => void = () => undefined;
    const { url } = await startRawServer((request, response) => {
      requests += 1;
      strike("arrived");
      void bodyOf(request).then(
        () => {
          const key = String(request.headers["idempotency-key"]);
          if (request.headers["x-spectron-on-behalf-of"] === "busy") {
            response.writeHead(503, json).end("{}");
            return;
          }
          // what a service does with a key: the effect once, the answer every time
          if (!effects.has(key)) effects.set(key, 1);
          strike("stored");
          response.writeHead(200, { ...json, "content-length": String(stored.length) });
          response.flushHeaders();
          strike("head");
          response.write(stored.slice(0, 9), () => {
            strike("half");
            response.end(stored.slice(9));
          });
        },
        () => undefined,
      );
    });
    for (let run = 0; run < runs(300); run += 1) {
      const point = points[run % points.length] ?? "whole";
      const idempotencyKey = `k-${run}`;
      const controller = new AbortController();
      strike = (at) => {
        if (at === point) controller.abort();
      };
      const spectron = connect(url, {
        sleep: async (_, signal) => {
          strike("pause");
          await new Promise((_resolve, reject) => {
            if (signal.aborted) reject(signal.reason as Error);
            signal.addEventListener("abort", () => {
              reject(signal.reason as Error);
            });
          });
        },
      });
      if (point === "before") controller.abort();
      const before = requests;
      const call = spectron.facts.batch(batch, {
        idempotencyKey,
        signal: controller.signal,
        ...(point === "pause" ? { onBehalfOf: "busy" } : {}),
      });
      if (point === "soon") {
        const turns = Math.floor(random() * 12);
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        controller.abort();
      }
      const error = await failure(call);
      // a strike while the answer arrives may come too late to stop it
      const mayEnd = ["stored", "head", "half"].includes(point);
      const wasAborted = error?.code === "aborted";
      expect(wasAborted || (error === undefined && (mayEnd || point === "whole"))).toBe(true);
      const wasSent = requests > before;
      expect(wasSent || ["before", "soon"].includes(point)).toBe(true);
      expect(error?.outcomeUnknown ?? true).toBe(point !== "before");
      // a later call shows that the first did not go on: its retries would have come before
      strike = () => undefined;
      const soFar = requests;
      await spectron.facts.batch(batch, { idempotencyKey: `later-${run}` });
      expect(requests - soFar).toBeLessThanOrEqual(wasSent ? 1 : 2);
      // and the same key settles what nobody could know
      await spectron.facts.batch(batch, { idempotencyKey });
      expect(effects.get(idempotencyKey)).toBe(1);
    }
  });
});
