import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { MemoryError } from "../src/client/errors.ts";
import { parseRetryAfter, retryDelay } from "../src/client/retry.ts";
import { createSpectron } from "../src/client/spectron.ts";
import { patience, runs } from "./runs.ts";

vi.setConfig({ testTimeout: patience });
const numRuns = runs(300);

/** What one attempt meets, and how long it takes. */
interface Step {
  status: number;
  retryAfter?: number | undefined;
  takes: number;
}

const step: fc.Arbitrary<Step> = fc.record(
  {
    // 0: the connection breaks
    status: fc.constantFrom(0, 200, 400, 403, 409, 429, 429, 500, 502, 503, 503, 504),
    retryAfter: fc.oneof(fc.nat(20), fc.nat(100_000)),
    takes: fc.nat(5000),
  },
  { requiredKeys: ["status", "takes"] },
);

/** Milliseconds that the service asked for. */
function toldBy(met: Step | undefined): number | undefined {
  return met?.status === 0 || met?.retryAfter === undefined ? undefined : met.retryAfter * 1000;
}

const RETRYABLE = [0, 429, 500, 502, 503, 504];

describe("the schedule of a call", () => {
  test("keeps to its attempts, its deadline and what the service asks for, and stops where it should", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.record({
          retries: fc.nat(8),
          retryBaseMs: fc.integer({ min: 1, max: 2000 }),
          maxRetryAfterMs: fc.integer({ min: 1, max: 60_000 }),
          deadlineMs: fc.integer({ min: 1, max: 200_000 }),
        }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 9 }),
        async (steps, options, jitters) => {
          let clock = 0;
          let drawn = 0;
          const seen: Step[] = [];
          const waits: number[] = [];
          const spectron = createSpectron({
            ...options,
            url: "http://service.test",
            context: "dev",
            now: () => clock,
            random: () => jitters[drawn++ % jitters.length] ?? 0,
            sleep: async (milliseconds) => {
              waits.push(milliseconds);
              clock += milliseconds;
            },
            fetch: async () => {
              const now = steps[seen.length % steps.length] ?? { status: 200, takes: 0 };
              seen.push(now);
              clock += now.takes;
              if (now.status === 0) throw new TypeError("fetch failed");
              const { retryAfter, status } = now;
              const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
              return Response.json({ principalId: "p" }, { status, headers });
            },
          });
          const error: unknown = await spectron.me().then(
            () => undefined,
            (reason: unknown) => reason,
          );

          expect(seen.length).toBeLessThanOrEqual(options.retries + 1);
          expect(waits).toHaveLength(seen.length - 1);
          // no pause is begun that would pass the deadline
          expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(
            options.deadlineMs,
          );
          for (const [index, wait] of waits.entries()) {
            const met = seen[index];
            expect(RETRYABLE).toContain(met?.status);
            const told = toldBy(met);
            const [least, most] =
              told === undefined ? [0, options.retryBaseMs * 2 ** index] : [told, told * 1.2];
            expect(told ?? 0).toBeLessThanOrEqual(options.maxRetryAfterMs);
            expect(wait).toBeGreaterThanOrEqual(least);
            expect(wait).toBeLessThanOrEqual(most);
          }
          const last = seen.at(-1);
          expect(MemoryError.isInstance(error)).toBe(last?.status !== 200);
          // it never gives up early: attempts left and a pause in time mean another attempt
          const told = toldBy(last);
          const longest = told === undefined ? options.retryBaseMs * 2 ** waits.length : told * 1.2;
          expect(
            !RETRYABLE.includes(last?.status ?? -1) ||
              seen.length > options.retries ||
              (told ?? 0) > options.maxRetryAfterMs ||
              clock + longest >= options.deadlineMs,
          ).toBe(true);
        },
      ),
      { numRuns },
    );
  });

  test("doubles its bound with each attempt and uses all of it", () => {
    const at = (jitter: number, attempt: number): number =>
      retryDelay(new MemoryError("timeout", ""), attempt, {
        random: () => jitter,
        retryBaseMs: 250,
        maxRetryAfterMs: 30_000,
      });
    expect([1, 2, 3, 4].map((attempt) => at(1, attempt))).toEqual([250, 500, 1000, 2000]);
    expect([1, 2, 3, 4].map((attempt) => at(0, attempt))).toEqual([0, 0, 0, 0]);
  });
});

test.each<[string | null, number | undefined]>([
  [null, undefined],
  ["", undefined],
  ["0", 0],
  [" 7 ", 7000],
  ["1000000000", 1e12],
  ["-5", undefined],
  ["1.5", undefined],
  ["1e9", undefined],
  ["0x10", undefined],
  ["soon", undefined],
  ["2026-01-01", undefined],
  ["Thu, 01 Jan 1970 00:00:09 GMT", 8000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["Thursday, 01-Jan-70 00:00:09 GMT", 8000],
  ["Thu Jan  1 00:00:09 1970 GMT", 8000],
])("Retry-After %j is %j milliseconds a second after the epoch", (header, milliseconds) => {
  expect(parseRetryAfter(header, 1000)).toBe(milliseconds);
});
