import { expect, test, vi } from "vitest";
import { createOutbox } from "./outbox.ts";

const unit = (key: string, send: () => Promise<unknown>, thread = "t", bytes = 1) => ({
  thread,
  bytes,
  prepare: async () => ({ key, send }),
});

test("keeps the order of calls, also when the first unit takes longer to prepare", async () => {
  const outbox = createOutbox();
  const sent: string[] = [];
  const ready = Promise.withResolvers<string>();
  const first = outbox.add({
    thread: "t",
    bytes: 1,
    prepare: async () => ({ key: await ready.promise, send: async () => sent.push("a") }),
  });
  const second = outbox.add(unit("b", async () => sent.push("b")));
  ready.resolve("a");
  await Promise.all([first, second]);
  expect(sent).toEqual(["a", "b"]);
});

test("has one write of a thread in flight, while other threads go on", async () => {
  const outbox = createOutbox();
  const gate = Promise.withResolvers<void>();
  const next = vi.fn(async () => undefined);
  void outbox.add(unit("a", async () => gate.promise));
  const second = outbox.add(unit("b", next));
  await outbox.add(unit("c", async () => undefined, "other"));
  expect(next).not.toHaveBeenCalled();
  gate.resolve();
  await second;
  expect(next).toHaveBeenCalledOnce();
});

test("sends a delivered or queued key once, and a failed one again", async () => {
  const outbox = createOutbox();
  const send = vi.fn(async () => undefined);
  await Promise.all([outbox.add(unit("a", send)), outbox.add(unit("a", send))]);
  await outbox.add(unit("a", send));
  expect(send).toHaveBeenCalledOnce();
  await expect(
    outbox.add(unit("b", async () => Promise.reject(new Error("down")))),
  ).rejects.toThrow("down");
  await outbox.add(unit("b", send));
  expect(send).toHaveBeenCalledTimes(2);
});

test.each([
  ["units", { units: 1 }],
  ["bytes", { bytes: 1 }],
])("refuses what exceeds its %s, and takes more once it has drained", async (_, limits) => {
  const outbox = createOutbox(limits);
  const gate = Promise.withResolvers<void>();
  const held = outbox.add(unit("a", async () => gate.promise));
  await expect(outbox.add(unit("b", async () => undefined))).rejects.toMatchObject({
    code: "outbox_full",
  });
  gate.resolve();
  await held;
  await outbox.flush();
  await outbox.add(unit("c", async () => undefined));
});

test("flush waits for a unit that was added a moment ago", async () => {
  const outbox = createOutbox();
  let stored = false;
  void outbox.add(
    unit("a", async () => {
      stored = true;
    }),
  );
  await outbox.flush();
  expect(stored).toBe(true);
});

test("flush rejects when its time is over, and the unit is delivered all the same", async () => {
  vi.useFakeTimers();
  try {
    const outbox = createOutbox();
    const gate = Promise.withResolvers<void>();
    const held = outbox.add(unit("a", async () => gate.promise));
    const flushed = outbox.flush({ timeoutMs: 50 }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(50);
    expect(await flushed).toMatchObject({ code: "timeout" });
    gate.resolve();
    await held;
  } finally {
    vi.useRealTimers();
  }
});
