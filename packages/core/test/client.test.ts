import { describe, expect, test, vi } from "vitest";
import { ApiError, createSpectron, MemoryError } from "../src/index.ts";
import type { Spectron, SpectronOptions } from "../src/index.ts";
import { createAdapterMemory } from "../src/adapter/index.ts";
import { createAdmin } from "../src/client/admin.ts";
import { json, stageService } from "./staged-service.ts";

const SECRET = "the launch code is 0000";
const batch = { messages: [{ role: "user" as const, content: SECRET }] };
const stored = { sessionId: "sess_1", turnIds: ["turn_1"], extractions: [] };

function connect(url: string, options: Partial<SpectronOptions> = {}): Spectron {
  return createSpectron({
    url,
    apiKey: "sp-k1-s3cret",
    context: "dev",
    retryBaseMs: 1,
    ...options,
  });
}

async function failure(work: Promise<unknown>): Promise<MemoryError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!MemoryError.isInstance(error)) throw new Error("expected a MemoryError", { cause: error });
  return error;
}

describe("retries", () => {
  test.each([429, 500, 502, 503, 504])(
    "sends a keyed write again after %i, unchanged",
    async (status) => {
      const service = await stageService((_, response, count) => {
        if (count < 3) json(response, status, {});
        else json(response, 200, stored);
      });
      expect(await connect(service.url).facts.batch(batch, { idempotencyKey: "k-1" })).toEqual(
        stored,
      );
      expect(service.seen.map((request) => request.headers["idempotency-key"])).toEqual([
        "k-1",
        "k-1",
        "k-1",
      ]);
      expect(new Set(service.seen.map((request) => request.body)).size).toBe(1);
    },
  );

  test("repeats a read that travels as POST without a key", async () => {
    const service = await stageService((_, response, count) => {
      json(response, count === 1 ? 503 : 200, { context: "x" });
    });
    expect(await connect(service.url).recallContext({ query: "q" })).toEqual({ context: "x" });
    expect(service.seen).toHaveLength(2);
  });

  test("never repeats a write without a key", async () => {
    const service = await stageService((_, response) => {
      json(response, 503, {});
    });
    expect(await failure(connect(service.url).facts.batch(batch))).toMatchObject({ status: 503 });
    expect(service.seen).toHaveLength(1);
  });

  test.each([400, 401, 403, 404, 409, 413, 415, 422, 501])(
    "never repeats after %i",
    async (status) => {
      const service = await stageService((_, response) => {
        json(response, status, { code: "some_code" });
      });
      const error = await failure(connect(service.url).facts.batch(batch, { idempotencyKey: "k" }));
      expect(error).toMatchObject({ status, retryable: false, idempotencyKey: "k" });
      expect(service.seen).toHaveLength(1);
    },
  );

  test("repeats while the same key is in flight, and not on a mismatch", async () => {
    const service = await stageService((_, response, count) => {
      json(response, 409, { code: count === 1 ? "idempotency_in_flight" : "idempotency_mismatch" });
    });
    const error = await failure(connect(service.url).facts.batch(batch, { idempotencyKey: "k" }));
    expect(error.code).toBe("idempotency_mismatch");
    expect(service.seen).toHaveLength(2);
  });

  test("gives up after the configured retries", async () => {
    const service = await stageService((_, response) => {
      json(response, 500, {}, { "x-trace-id": "tr_1" });
    });
    const error = await failure(connect(service.url, { retries: 2 }).me());
    expect(error).toMatchObject({ name: "ApiError", code: "server", status: 500, traceId: "tr_1" });
    expect(service.seen).toHaveLength(3);
  });

  test.each([
    ["seconds", "2"],
    ["a date", "Thu, 01 Jan 2026 00:00:02 GMT"],
  ])("waits as long as Retry-After says in %s, and at most a fifth longer", async (_, header) => {
    for (const jitter of [0, 1]) {
      const waits: number[] = [];
      const service = await stageService((__, response, count) => {
        if (count === 1) json(response, 429, {}, { "retry-after": header });
        else json(response, 200, { principalId: "p" });
      });
      const spectron = connect(service.url, {
        now: () => Date.parse("2026-01-01T00:00:00Z"),
        random: () => jitter,
        sleep: async (milliseconds) => {
          waits.push(milliseconds);
        },
      });
      await spectron.me();
      expect(waits).toEqual([2000 + 400 * jitter]);
    }
  });

  test("reads how long to wait from the body where the header is out of reach", async () => {
    const waits: number[] = [];
    const service = await stageService((_, response, count) => {
      json(response, count === 1 ? 429 : 200, { retry_after: 3 });
    });
    const sleep = async (milliseconds: number): Promise<void> => {
      waits.push(milliseconds);
    };
    await connect(service.url, { random: () => 0, sleep }).me();
    expect(waits).toEqual([3000]);
  });

  test("gives the refusal to the caller when the service wants a longer pause than the cap", async () => {
    const service = await stageService((_, response) => {
      json(response, 503, {}, { "retry-after": "600" });
    });
    const error = await failure(connect(service.url).me());
    expect(error).toMatchObject({ status: 503, retryable: true, retryAfterMs: 600_000 });
    expect(service.seen).toHaveLength(1);
  });

  test("gives the refusal to the caller when the pause would pass the deadline of the call", async () => {
    const service = await stageService((_, response) => {
      json(response, 503, {}, { "retry-after": "2" });
    });
    const error = await failure(connect(service.url, { deadlineMs: 1999 }).me());
    expect(error).toMatchObject({ status: 503, retryAfterMs: 2000 });
    expect(service.seen).toHaveLength(1);
  });

  test("sends the bytes of the first attempt although the caller changed the request meanwhile", async () => {
    const request = { messages: [{ role: "user" as const, content: "before" }] };
    const service = await stageService((_, response, count) => {
      const [message] = request.messages;
      if (message !== undefined) message.content = "after";
      if (count === 1) json(response, 503, {});
      else json(response, 200, stored);
    });
    await connect(service.url).facts.batch(request, { idempotencyKey: "k" });
    expect(service.seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { messages: [{ role: "user", content: "before" }] },
      { messages: [{ role: "user", content: "before" }] },
    ]);
  });

  test("backs off 250, 500, 1000 ms at full jitter's upper end", async () => {
    vi.useFakeTimers();
    try {
      const at: number[] = [];
      const started = Date.now();
      const spectron = createSpectron({
        url: "http://service.test",
        context: "dev",
        random: () => 1,
        fetch: async () => {
          at.push(Date.now() - started);
          return Response.json({}, { status: 503 });
        },
      });
      const failed = failure(spectron.me());
      await vi.advanceTimersByTimeAsync(2000);
      await failed;
      expect(at).toEqual([0, 250, 750, 1750]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("an abort ends the pause between attempts", async () => {
    const controller = new AbortController();
    const service = await stageService((_, response) => {
      json(response, 503, {}, { "retry-after": "25" });
      response.on("close", () => {
        controller.abort();
      });
    });
    const error = await failure(connect(service.url).me({ signal: controller.signal }));
    expect(error.code).toBe("aborted");
    expect(service.seen).toHaveLength(1);
  });
});

describe("an outcome that nobody knows", () => {
  test("is marked on a write that was sent, and on nothing else", async () => {
    const silent = await stageService(() => undefined);
    const refusing = await stageService((_, response) => {
      json(response, 409, { code: "conflict" });
    });
    const options = { retries: 0, timeoutMs: 30 };
    const sent = await failure(connect(silent.url, options).facts.batch(batch));
    const read = await failure(connect(silent.url, options).query({ query: "q" }));
    const refused = await failure(connect(refusing.url, options).facts.batch(batch));
    const signal = AbortSignal.abort();
    const unsent = await failure(connect(silent.url, options).facts.batch(batch, { signal }));
    expect([sent, read, refused, unsent].map((error) => error.outcomeUnknown)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("answers that are no answers", () => {
  test("a connection that nobody accepts is a connection error that names no path", async () => {
    const error = await failure(connect("http://127.0.0.1:1", { retries: 0 }).me());
    expect(error.code).toBe("connection");
    expect(error.message).toContain("http://127.0.0.1:1");
  });

  test("headers that never come end in a timeout", async () => {
    const service = await stageService(() => undefined);
    const error = await failure(connect(service.url, { retries: 0, timeoutMs: 30 }).me());
    expect(error.code).toBe("timeout");
  });

  test("a body that never ends ends in a timeout", async () => {
    const service = await stageService((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"principalId":');
    });
    const error = await failure(connect(service.url, { retries: 0, timeoutMs: 30 }).me());
    expect(error.code).toBe("timeout");
  });

  test("a transport that ignores its signal still ends in a timeout", async () => {
    const spectron = connect("http://service.test", {
      retries: 0,
      timeoutMs: 10,
      fetch: async () => new Promise<never>(() => undefined),
    });
    expect((await failure(spectron.me())).code).toBe("timeout");
  });

  test("a transport that ignores its signal still ends in an abort", async () => {
    const controller = new AbortController();
    const spectron = connect("http://service.test", {
      fetch: async () => {
        queueMicrotask(() => {
          controller.abort();
        });
        return new Promise<never>(() => undefined);
      },
    });
    expect((await failure(spectron.me({ signal: controller.signal }))).code).toBe("aborted");
  });

  test("a body cut on the way is fetched again", async () => {
    const service = await stageService((_, response, count) => {
      if (count > 1) {
        json(response, 200, { principalId: "p" });
        return;
      }
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"principal', () => response.destroy());
    });
    expect(await connect(service.url).me()).toEqual({ principalId: "p" });
  });

  test("half a JSON text with status 200 is invalid, and sent again with the same key", async () => {
    const service = await stageService((_, response, count) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(count === 1 ? '{"sessionId":"se' : JSON.stringify(stored));
    });
    expect(await connect(service.url).facts.batch(batch, { idempotencyKey: "k" })).toEqual(stored);
    const once = connect(service.url, { retries: 0, fetch: async () => new Response('{"a":') });
    expect((await failure(once.me())).code).toBe("invalid_response");
  });

  test("an empty 200 is no proof that a write was stored", async () => {
    const service = await stageService((_, response) => response.writeHead(200).end());
    const error = await failure(connect(service.url).facts.batch(batch, { idempotencyKey: "k" }));
    expect(error.code).toBe("invalid_response");
  });

  test("a web page with status 200 is invalid and asked for once", async () => {
    const service = await stageService((_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    });
    expect((await failure(connect(service.url).me())).code).toBe("invalid_response");
    expect(service.seen).toHaveLength(1);
  });

  test("a redirect to another host gets neither key nor content", async () => {
    const other = await stageService((_, response) => {
      json(response, 200, stored);
    });
    const service = await stageService((_, response) => {
      response.writeHead(307, { location: `${other.url}/api/v1/dev/facts/batch` }).end();
    });
    const error = await failure(connect(service.url).facts.batch(batch, { idempotencyKey: "k" }));
    expect(error.code).toBe("invalid_response");
    expect(other.seen).toEqual([]);
  });
});

describe("requests", () => {
  test("carry the key, the principal and an encoded path", async () => {
    const service = await stageService((_, response) => {
      json(response, 200, {});
    });
    await connect(service.url, { onBehalfOf: "rosa" }).sessions.get("sess/1");
    expect(service.seen[0]?.path).toBe("/api/v1/dev/sessions/sess%2F1");
    expect(service.seen[0]?.headers).toMatchObject({
      authorization: "Bearer sp-k1-s3cret",
      "x-spectron-on-behalf-of": "rosa",
    });
  });

  test("can act for another principal in one call", async () => {
    const service = await stageService((_, response) => {
      json(response, 200, { principalId: "p" });
    });
    const spectron = connect(service.url, { onBehalfOf: "rosa" });
    await spectron.me({ onBehalfOf: "principal:omar" });
    await spectron.me();
    expect(service.seen.map(({ headers }) => headers["x-spectron-on-behalf-of"])).toEqual([
      "principal:omar",
      "rosa",
    ]);
    expect((await failure(spectron.me({ onBehalfOf: "a\r\nx: y" }))).code).toBe("configuration");
    expect(service.seen).toHaveLength(2);
  });

  test.each(["", ".", "..", "\ud800"])("never leave for the id %j", async (id) => {
    const service = await stageService((_, response) => {
      json(response, 200, {});
    });
    const { sessions } = connect(service.url);
    for (const call of [
      async () => sessions.get(id),
      async () => sessions.close(id),
      async () => sessions.turn("s", id),
    ])
      expect((await failure(call())).code).toBe("validation");
    expect(service.seen).toEqual([]);
  });

  test("that no JSON can hold are refused before they are sent", async () => {
    const service = await stageService((_, response) => {
      json(response, 200, stored);
    });
    const metadata: Record<string, unknown> = {};
    metadata["self"] = metadata;
    const error = await failure(connect(service.url).sessions.create({ metadata }));
    expect(error.code).toBe("validation");
    expect(service.seen).toEqual([]);
  });

  test("say a lens as JSON in the query", async () => {
    const service = await stageService((_, response) => {
      json(response, 200, {});
    });
    await connect(service.url).profile({ lens: [["org/acme"]] });
    expect(new URL(service.seen[0]?.path ?? "", service.url).searchParams.get("lens")).toBe(
      '[["org/acme"]]',
    );
  });

  test("a closed session answers without a body", async () => {
    const service = await stageService((_, response) => response.writeHead(204).end());
    await expect(connect(service.url).sessions.close("s")).resolves.toBeUndefined();
    expect(service.seen[0]?.method).toBe("DELETE");
  });

  test("capabilities are asked for once, and an empty health answer has none", async () => {
    const service = await stageService((_, response) => response.writeHead(200).end());
    const spectron = connect(service.url);
    expect((await spectron.capabilities()).size).toBe(0);
    await spectron.capabilities();
    expect(service.seen).toHaveLength(1);
  });

  test("an idempotency key that no header can carry is refused before it is sent", async () => {
    const service = await stageService((_, response) => {
      json(response, 200, stored);
    });
    const error = await failure(
      connect(service.url).facts.batch(batch, { idempotencyKey: "a\nb" }),
    );
    expect(error.code).toBe("configuration");
    expect(service.seen).toEqual([]);
  });
});

test("no error message holds content, key or query string, also when the service quotes them", async () => {
  const quoted = { detail: SECRET, message: SECRET, title: SECRET, code: `x ${SECRET}` };
  for (const status of [400, 409, 500]) {
    const service = await stageService((_, response) => {
      json(response, status, quoted);
    });
    const spectron = connect(service.url, { retries: 0 });
    const calls = [
      async () => spectron.facts.batch(batch),
      async () => spectron.profile({ lens: [["org/hidden"]] }),
      async () => createAdmin(spectron).entities.get("person", "hidden"),
    ];
    for (const call of calls) {
      const error = await failure(call());
      expect(error).toBeInstanceOf(ApiError);
      expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(
        /launch code|s3cret|hidden|\?/,
      );
    }
  }
});

describe("createSpectron refuses", () => {
  test.each<[string, Partial<Record<keyof SpectronOptions, unknown>>, RegExp]>([
    ["no url", { url: undefined }, /"url"/],
    ["a url of another protocol", { url: "file:///memory.db" }, /"url"/],
    ["a url with a query", { url: "http://x.test/?key=1" }, /"url"/],
    ["no context", { context: undefined }, /"context"/],
    ["a context with a slash", { context: "a/b" }, /"context"/],
    ["a key with a line end", { apiKey: "sp-1\n" }, /"apiKey"/],
    ["a timeout of zero", { timeoutMs: 0 }, /"timeoutMs"/],
    ["an endless deadline", { deadlineMs: Number.POSITIVE_INFINITY }, /"deadlineMs"/],
    ["answers of no size", { maxResponseBytes: 0 }, /"maxResponseBytes"/],
    ["half a retry", { retries: 0.5 }, /"retries"/],
    ["a fetch that is no function", { fetch: "fetch" }, /"fetch"/],
  ])("%s", (_, wrong, named) => {
    const options = { url: "http://x.test", context: "dev", ...wrong } as SpectronOptions;
    expect(() => createSpectron(options)).toThrow(named);
  });
});

test("options that nobody awaited are named", () => {
  const options = Promise.resolve({}) as unknown as SpectronOptions;
  expect(() => createSpectron(options)).toThrow(/"options" must be awaited, as embedded/);
});

test("flush waits ten seconds at most, also for a service that hangs", async () => {
  vi.useFakeTimers();
  try {
    const spectron = connect("http://service.test", { fetch: async () => new Promise(() => {}) });
    const memory = createAdapterMemory({ spectron, adapter: "kit", recall: false });
    memory.turn(
      { scope: "u/a", session: "s" },
      { inputs: [{ role: "user", text: "hi", anchor: "1" }] },
    );
    const told = vi.fn();
    void spectron.flush().then(told);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(told).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toHaveBeenCalledExactlyOnceWith({ undelivered: 1 });
    void spectron.close().then(told);
    await vi.advanceTimersByTimeAsync(10_001);
    expect(told).toHaveBeenCalledTimes(2);
  } finally {
    vi.useRealTimers();
  }
});

describe("what a refusal says", () => {
  test("names the field that was refused, and keeps the service's words beside the message", async () => {
    const errors = [
      { path: "messages.0.role", message: "must be one of user, assistant" },
      { path: "metadata.a secret key", message: "too long" },
    ];
    const service = await stageService((_, response) => {
      json(response, 400, { code: "validation_failed", detail: SECRET, errors });
    });
    const error = await failure(connect(service.url).facts.batch(batch));
    expect(error).toMatchObject({ code: "validation", status: 400, errors });
    expect(error.message).toContain("(validation_failed: messages.0.role)");
    expect(error.message).not.toMatch(/secret|launch/);
  });

  test("leaves out a field whose name could be content", async () => {
    const service = await stageService((_, response) => {
      json(response, 422, { errors: [{ path: "metadata.the launch code", message: "x" }] });
    });
    const error = await failure(connect(service.url).facts.batch(batch));
    expect(error.message).toBe(
      "POST /facts/batch answered 422. This service does not accept the request.",
    );
  });

  test("names context and address where the key is wrong, and never the key", async () => {
    const service = await stageService((_, response) => {
      json(response, 401, { code: "unauthorized" });
    });
    const { message } = await failure(connect(service.url).me());
    expect(message).toBe(
      `GET /me answered 401 (unauthorized). Check that apiKey is a key of context "dev" at ${service.url}/.`,
    );
  });
});

test.each(["", "/", "/api/v1", "/api/v1/"])(
  "a url that ends in %j reaches the same service",
  async (end) => {
    const service = await stageService((_, response) => {
      json(response, 200, {});
    });
    await connect(`${service.url}${end}`).me();
    await connect(`${service.url}/memory${end}`).me();
    expect(service.seen.map(({ path }) => path)).toEqual([
      "/api/v1/dev/me",
      "/memory/api/v1/dev/me",
    ]);
  },
);

describe("routes that a service may not have", () => {
  const admins = async (
    answer: (path: string) => number,
  ): Promise<ReturnType<typeof createAdmin>> => {
    const service = await stageService(({ path }, response) => {
      const status = answer(path);
      json(response, status, status === 200 ? { principals: [] } : { code: "not_found" });
    });
    return createAdmin(connect(service.url));
  };

  test("are told from rows that are not there", async () => {
    const none = await admins(() => 404);
    for (const call of [
      async () => none.scopes.list(),
      async () => none.principals.get("p1"),
      async () => none.keys.mint({ name: "k" }),
      async () => none.scopes.forget("u/a"),
    ])
      expect((await failure(call())).code).toBe("unsupported");
    const some = await admins((path) => (path.includes("principals/") ? 404 : 200));
    expect((await failure(some.principals.get("p1"))).code).toBe("not_found");
  });
});

test("close ends the service it was given on time, says what is undelivered, and refuses later calls", async () => {
  const close = vi.fn(async () => undefined);
  const spectron = connect("http://service.test", { close, fetch: async () => Response.json({}) });
  spectron.drainables.add({
    flush: async () => new Promise(() => undefined),
    undelivered: () => 2,
  });
  spectron.drainables.add({
    flush: async () => Promise.reject(new MemoryError("server", "broken")),
    undelivered: () => 1,
  });
  expect(await spectron.flush({ timeoutMs: 1 })).toEqual({ undelivered: 3 });
  expect(await spectron.close({ timeoutMs: 1 })).toEqual({ undelivered: 3 });
  expect(close).toHaveBeenCalledOnce();
  const error = await failure(spectron.me());
  expect(error.code).toBe("configuration");
  expect(error.message).toContain("3 writes undelivered; outbox.spill keeps them");
});
