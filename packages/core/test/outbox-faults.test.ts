import { createAdapterMemory } from "../src/adapter/index.ts";
import { createSpectron } from "../src/index.ts";
import { afterEach, expect, test, vi } from "vitest";
import { patience, runs, seeded } from "./runs.ts";

vi.setConfig({ testTimeout: patience });

afterEach(() => {
  vi.useRealTimers();
});

const STEP_MS = 100;

async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
}

/** What a busy service says about coming back, and what that means in milliseconds. */
const PAUSES: ((random: () => number) => [text: string | undefined, milliseconds?: number])[] = [
  (random) => {
    const seconds = Math.floor(random() * 60);
    return [String(seconds), seconds * 1000];
  },
  (random) => {
    const seconds = Math.floor(random() * 60);
    return [new Date(Date.now() + seconds * 1000).toUTCString(), seconds * 1000];
  },
  () => [undefined],
  () => ["soon"],
  () => ["-5"],
  () => ["1000000000", 60_000],
];

test("F9: a write waits as long as a busy service asks, a fifth and a second more at most, and never above a minute", async () => {
  vi.useFakeTimers({
    now: Date.parse("2026-05-01T10:00:00Z"),
    toFake: ["setTimeout", "clearTimeout", "Date"],
  });
  const random = seeded(9);
  for (let run = 0; run < runs(60); run += 1) {
    const busy = 1 + Math.floor(random() * 3);
    const status = random() < 0.5 ? 429 : 503;
    const attempts: { at: number; told?: number | undefined; key: string | null }[] = [];
    const spectron = createSpectron({
      url: "http://service.test",
      context: "dev",
      retries: 0,
      fetch: async (input, init) => {
        const request = new Request(input, init);
        if (request.url.endsWith("/health"))
          return Response.json({ status: "ok", capabilities: ["external-session-id"] });
        if (request.url.endsWith("/sessions"))
          return Response.json({ id: "sess_1", scopes: [], metadata: {} });
        const key = request.headers.get("idempotency-key");
        const [text, told] = PAUSES[run % PAUSES.length]?.(random) ?? [];
        attempts.push({ at: Date.now(), told, key });
        if (attempts.length > busy)
          return Response.json({ sessionId: "sess_1", turnIds: ["turn_1"], extractions: [] });
        return Response.json(
          { status },
          { status, headers: text === undefined ? {} : { "retry-after": text } },
        );
      },
    });
    const reports: (boolean | undefined)[] = [];
    const memory = createAdapterMemory({
      spectron,
      adapter: "kit",
      recall: false,
      onError: (_, { kept }) => reports.push(kept),
    });
    const turn = memory.turn(
      { scope: "org/acme", session: `s${run}` },
      { inputs: [{ role: "user", text: "hello", anchor: "m1" }] },
    );
    void turn.delivered();
    while ([...spectron.drainables].some((item) => item.undelivered() > 0)) {
      // hashing takes real time, and no time on this clock
      await settled();
      if (vi.getTimerCount() > 0) await vi.advanceTimersByTimeAsync(STEP_MS);
    }

    expect(attempts).toHaveLength(busy + 1);
    expect(new Set(attempts.map(({ key }) => key)).size).toBe(1);
    // told once that it waits, whatever comes later
    expect(reports).toEqual([true]);
    for (const [index, { at, told }] of attempts.slice(0, -1).entries()) {
      const wait = (attempts[index + 1]?.at ?? 0) - at;
      // a date has whole seconds
      const least = told === undefined ? 0 : told - 1000;
      expect(wait).toBeGreaterThanOrEqual(run % PAUSES.length === 1 ? least : (told ?? 0));
      expect(wait).toBeLessThanOrEqual((told === undefined ? 4000 : told * 1.2 + 1000) + STEP_MS);
    }
  }
});
