import { describe, expect, test, vi } from "vitest";
import { createSpectron, MemoryError } from "../src/index.ts";
import type { SpectronOptions } from "../src/index.ts";
import { json, stageService } from "./staged-service.ts";
import type { StagedService } from "./staged-service.ts";

// Ten faults that a client of this service was once seen to handle wrongly, each as one case.

const batch = { messages: [{ role: "user" as const, content: "yes" }] };
const stored = { sessionId: "sess_1", turnIds: ["turn_1"], extractions: [] };
const whole = JSON.stringify(stored);

interface Outcome {
  answer?: unknown;
  error?: MemoryError;
  service: StagedService;
  waits: number[];
}

/** One keyed batch against a service that misbehaves at first and then stores. */
async function write(
  misbehave: Parameters<typeof stageService>[0],
  options: Partial<SpectronOptions> = {},
): Promise<Outcome> {
  const service = await stageService((request, response, count) => {
    if (count === 1) misbehave(request, response, count);
    else json(response, 200, stored);
  });
  const waits: number[] = [];
  const spectron = createSpectron({
    url: service.url,
    context: "dev",
    apiKey: "sp-k1-s",
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
    },
    ...options,
  });
  try {
    const answer = await spectron.facts.batch(batch, { idempotencyKey: "k" });
    return { answer, service, waits };
  } catch (error) {
    if (!MemoryError.isInstance(error)) throw error;
    return { error, service, waits };
  }
}

/** What shows that a write was sent once more, unchanged, and then stored. */
function summary({ answer, service }: Outcome): unknown {
  const [first, second] = service.seen;
  return {
    answer,
    keys: service.seen.map(({ headers }) => headers["idempotency-key"]),
    unchanged: first !== undefined && first.body === second?.body,
  };
}

const repeated = { answer: stored, keys: ["k", "k"], unchanged: true };

describe("a client of a service at its worst", () => {
  test("1: sends no key that the caller did not give, so two equal messages stay two", async () => {
    const service = await stageService((_, response) => {
      json(response, 200, stored);
    });
    const spectron = createSpectron({ url: service.url, context: "dev" });
    await spectron.facts.batch(batch);
    await spectron.facts.batch(batch);
    expect(service.seen.map(({ headers }) => headers["idempotency-key"])).toEqual([
      undefined,
      undefined,
    ]);
  });

  test("2: repeats after 429, no sooner than the second it asks for", async () => {
    const outcome = await write((_, response) => {
      json(response, 429, {}, { "retry-after": "1" });
    });
    expect(summary(outcome)).toEqual(repeated);
    expect(outcome.waits[0]).toBeGreaterThanOrEqual(1000);
  });

  test("3: repeats after 503, no sooner than the two seconds it asks for", async () => {
    const outcome = await write((_, response) => {
      json(response, 503, {}, { "retry-after": "2" });
    });
    expect(summary(outcome)).toEqual(repeated);
    expect(outcome.waits[0]).toBeGreaterThanOrEqual(2000);
  });

  test("4: repeats with the same key when the socket is cut before the answer", async () => {
    const outcome = await write((_, response) => response.destroy());
    expect(summary(outcome)).toEqual(repeated);
  });

  test("5: repeats with the same key when the socket is cut inside the answer", async () => {
    const outcome = await write((_, response) => {
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": String(whole.length),
      });
      response.write(whole.slice(0, 20), () => response.destroy());
    });
    expect(summary(outcome)).toEqual(repeated);
  });

  test("6: takes half a JSON of matching length for no success, and repeats", async () => {
    const outcome = await write((_, response) => {
      const half = whole.slice(0, 20);
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": String(half.length),
      });
      response.end(half);
    });
    expect(summary(outcome)).toEqual(repeated);
  });

  test("7: takes a sign-in page for no success", async () => {
    const { error, service } = await write((_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<form>Sign in</form>");
    });
    expect(error?.code).toBe("invalid_response");
    expect(service.seen).toHaveLength(1);
  });

  test("8: follows no redirect to another origin: neither body, key nor principal gets there", async () => {
    const other = await stageService((_, response) => {
      json(response, 200, stored);
    });
    const { error } = await write(
      (_, response) => {
        response.writeHead(307, { location: `${other.url}/api/v1/dev/facts/batch` }).end();
      },
      { onBehalfOf: "rosa" },
    );
    expect(error?.code).toBe("invalid_response");
    expect(other.seen).toEqual([]);
  });

  test.each<[string, Parameters<typeof stageService>[0]]>([
    ["9: repeats a keyed write that got no answer in time", () => undefined],
    [
      "10: ends a body that stalls at the timeout, and repeats",
      (_, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write(whole.slice(0, 20));
      },
    ],
  ])("%s", async (_, misbehave) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const reached = Promise.withResolvers<void>();
      const outcome = write((request, response, count) => {
        misbehave(request, response, count);
        reached.resolve();
      });
      await reached.promise;
      await vi.advanceTimersByTimeAsync(30_000);
      expect(summary(await outcome)).toEqual(repeated);
    } finally {
      vi.useRealTimers();
    }
  });
});
