import { createSpectron } from "@spectron/core";
import type { MemoryError } from "@spectron/core";
import { createAdapterMemory } from "@spectron/core/adapter";
import { seeded, startTestService } from "@spectron/testing";
import { afterEach, expect, test, vi } from "vitest";

const isNightly = Number(process.env["SPECTRON_RUNS"] ?? 1) >= 10;
const PARTITIONS = isNightly ? 100 : 10;
const SEED = Number(process.env["SPECTRON_SEED"] ?? 7);
const THREADS = 8;
const STEP_MS = 250;

afterEach(() => {
  vi.useRealTimers();
});

/** What a partition does with a request: it is lost on the way there, or its answer on the way back. */
type Loss = "request" | "answer";

test(
  `F14: over ${PARTITIONS} partitions of 1 to 30 seconds nothing is lost or doubled, and each is made up for within 5 seconds`,
  { timeout: isNightly ? 600_000 : 120_000 },
  async () => {
    const random = seeded(SEED);
    const service = await startTestService();
    const losses: Loss[] = [];
    const cut = new Set<(reason: Error) => void>();
    let isCut = false;
    let working = 0;

    /** The network: real requests to the real service, and partitions that end when the clock says so. */
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const request = new Request(input, init);
      const lost = isCut ? (random() < 0.5 ? "request" : "answer") : undefined;
      if (lost !== undefined) losses.push(lost);
      let response: Response | undefined;
      if (lost !== "request") {
        working += 1;
        response = await service.fetch(new Request(request.clone(), { signal: null }));
        working -= 1;
      }
      if (lost === undefined && response !== undefined) return response;
      const silence = Promise.withResolvers<never>();
      cut.add(silence.reject);
      request.signal.addEventListener("abort", () => {
        silence.reject(request.signal.reason as Error);
      });
      return silence.promise;
    };
    /** Lets what the service works on finish, which takes no time on the clock. */
    const settle = async (): Promise<void> => {
      for (let quiet = 0; quiet < 5; quiet = working === 0 ? quiet + 1 : 0)
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
    };
    const pass = async (milliseconds: number): Promise<void> => {
      for (let passed = 0; passed < milliseconds; passed += STEP_MS) {
        await vi.advanceTimersByTimeAsync(STEP_MS);
        await settle();
      }
    };
    const heal = async (): Promise<void> => {
      isCut = false;
      for (const hangUp of cut) hangUp(new TypeError("fetch failed"));
      cut.clear();
      await settle();
    };

    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
    });
    const errors: MemoryError[] = [];
    const spectron = createSpectron({ ...service.service, fetch });
    const memory = createAdapterMemory({
      spectron,
      adapter: "kit",
      recall: false,
      onError: (error) => errors.push(error),
    });
    const undelivered = (): number =>
      [...spectron.drainables].reduce((sum, item) => sum + item.undelivered(), 0);
    let index = 0;
    const write = (): void => {
      const thread = index % THREADS;
      memory.turn(
        { scope: `org/acme/thread${thread}`, session: `s${thread}` },
        { inputs: [{ role: "user", text: `line ${index}`, anchor: `m${index}` }] },
      );
      index += 1;
    };
    const slowest: number[] = [];
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      isCut = true;
      const length = 1000 + random() * 29_000;
      for (let unit = 0; unit < THREADS; unit += 1) write();
      await pass(length / 2);
      for (let unit = 0; unit < THREADS; unit += 1) write();
      await pass(length / 2);
      expect(undelivered()).toBe(2 * THREADS);
      await heal();
      let waited = 0;
      for (; undelivered() > 0 && waited < 60_000; waited += STEP_MS) await pass(STEP_MS);
      slowest.push(waited);
    }
    vi.useRealTimers();

    expect(Math.max(...slowest)).toBeLessThanOrEqual(5000);
    expect(new Set(losses)).toEqual(new Set(["request", "answer"]));
    for (let thread = 0; thread < THREADS; thread += 1) {
      const binding = { scope: `org/acme/thread${thread}`, session: `s${thread}` };
      const session = await memory.sessionId(binding);
      const { turns } = await service.spectron.sessions.turns(session, { limit: 500 });
      const expected = Array.from(
        { length: index / THREADS },
        (_, count) => `line ${count * THREADS + thread}`,
      );
      expect(turns.map(({ content }) => content)).toEqual(expected);
    }
    expect(errors.every(({ code }) => code === "timeout" || code === "connection")).toBe(true);
    await service.stop();
  },
);
