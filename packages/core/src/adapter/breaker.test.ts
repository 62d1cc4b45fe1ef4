import { setImmediate } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { MemoryError } from "../client/errors.ts";
import { createBreaker } from "./breaker.ts";

const down = async (): Promise<never> => Promise.reject(new MemoryError("timeout", "late"));

test("after an outage asks nothing for the pause, then lets one probe through", async () => {
  let now = 0;
  const breaker = createBreaker({ now: () => now });
  await expect(breaker.run(down)).rejects.toMatchObject({ code: "timeout" });
  const work = vi.fn(async () => "ok");
  now = 29_999;
  await expect(breaker.run(work)).rejects.toMatchObject({ code: "connection" });
  expect(work).not.toHaveBeenCalled();
  now = 30_000;
  const gate = Promise.withResolvers<string>();
  const probe = breaker.run(async () => gate.promise);
  await expect(breaker.run(work)).rejects.toMatchObject({ code: "connection" });
  gate.resolve("back");
  expect(await probe).toBe("back");
  expect(await breaker.run(work)).toBe("ok");
});

test("a failed probe starts the pause again", async () => {
  let now = 0;
  const breaker = createBreaker({ now: () => now });
  await breaker.run(down).catch(() => undefined);
  now = 30_000;
  await breaker.run(down).catch(() => undefined);
  now = 59_999;
  await expect(breaker.run(async () => "ok")).rejects.toMatchObject({ code: "connection" });
  now = 60_000;
  expect(await breaker.run(async () => "ok")).toBe("ok");
});

test("an answer that came too late for its question closes it", async () => {
  const breaker = createBreaker({ now: () => 0 });
  const gate = Promise.withResolvers<string>();
  const late = breaker.run(async () => gate.promise, 1);
  await expect(late).rejects.toMatchObject({ code: "timeout" });
  const work = vi.fn(async () => "ok");
  await expect(breaker.run(work)).rejects.toMatchObject({ code: "connection" });
  gate.resolve("awake");
  await setImmediate();
  expect(await breaker.run(work)).toBe("ok");
});

test("a refused request does not open it", async () => {
  const breaker = createBreaker({ now: () => 0 });
  const refused = async (): Promise<never> => Promise.reject(new MemoryError("forbidden", "no"));
  await breaker.run(refused).catch(() => undefined);
  expect(await breaker.run(async () => "ok")).toBe("ok");
});

test("one that is opened by silence alone asks again at once what fails at once", async () => {
  const breaker = createBreaker({ now: () => 0, codes: ["timeout"] });
  const refused = vi.fn(async () => Promise.reject(new MemoryError("connection", "refused")));
  for (const _ of [1, 2]) await expect(breaker.run(refused)).rejects.toThrow("refused");
  expect(refused).toHaveBeenCalledTimes(2);
  const silent = vi.fn(async () => new Promise(() => undefined));
  await expect(breaker.run(silent, 1)).rejects.toMatchObject({ code: "timeout" });
  await expect(breaker.run(silent, 1)).rejects.toMatchObject({ code: "connection" });
  expect(silent).toHaveBeenCalledOnce();
});
