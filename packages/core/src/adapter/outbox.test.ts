import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError, MemoryError } from "../client/errors.ts";
import { createOutbox } from "./outbox.ts";
import type { OutboxUnit } from "./outbox.ts";
import type { OutboxRecord, OutboxSpill } from "./outbox-options.ts";

const binding = { scope: "u/a", session: "t" };
const recordOf = (id: string, key: string, thread = "t"): OutboxRecord => ({
  id,
  thread,
  key,
  binding,
  messages: [],
});

function unit(
  key: string,
  send: () => Promise<unknown> = async () => undefined,
  more: Partial<OutboxUnit> = {},
): OutboxUnit {
  const { thread = "t" } = more;
  return {
    thread,
    bytes: 1,
    early: true,
    make: async (id) => recordOf(id, key, thread),
    deliver: async () => {
      await send();
      return [key];
    },
    onFailure: () => undefined,
    ...more,
  };
}

const down = (): MemoryError => new MemoryError("connection", "down");
const refused = (): MemoryError => new MemoryError("validation", "refused");

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("order", () => {
  test("keeps the order of calls, also when the first unit takes longer to make", async () => {
    const outbox = createOutbox();
    const sent: string[] = [];
    const ready = Promise.withResolvers<void>();
    const first = outbox.add(
      unit("a", async () => sent.push("a"), {
        make: async (id) => {
          await ready.promise;
          return recordOf(id, "a");
        },
      }),
    );
    const second = outbox.add(unit("b", async () => sent.push("b")));
    ready.resolve();
    await Promise.all([first.final, second.final]);
    expect(sent).toEqual(["a", "b"]);
  });

  test("has one write of a thread in flight, while other threads go on", async () => {
    const outbox = createOutbox();
    const gate = Promise.withResolvers<void>();
    const next = vi.fn(async () => undefined);
    outbox.add(unit("a", async () => gate.promise));
    const second = outbox.add(unit("b", next));
    await outbox.add(unit("c", undefined, { thread: "other" })).final;
    expect(next).not.toHaveBeenCalled();
    gate.resolve();
    await second.final;
    expect(next).toHaveBeenCalledOnce();
  });

  test("makes a late unit only when everything before it is stored", async () => {
    const outbox = createOutbox();
    const steps: string[] = [];
    outbox.add(unit("a", async () => steps.push("sent a")));
    const late = outbox.add(
      unit("b", undefined, {
        early: false,
        make: async (id) => {
          steps.push("made b");
          return recordOf(id, "b");
        },
      }),
    );
    await late.final;
    expect(steps).toEqual(["sent a", "made b"]);
  });

  test("sends a delivered or queued key once, and a refused one again", async () => {
    const outbox = createOutbox();
    const send = vi.fn(async () => undefined);
    await Promise.all([outbox.add(unit("a", send)).final, outbox.add(unit("a", send)).final]);
    expect(await outbox.add(unit("a", send)).final).toEqual({ key: "a", turnIds: ["a"] });
    expect(send).toHaveBeenCalledOnce();
    const fails = unit("b", async () => Promise.reject(refused()));
    await expect(outbox.add(fails).final).rejects.toMatchObject({ code: "validation" });
    await outbox.add(unit("b", send)).final;
    expect(send).toHaveBeenCalledTimes(2);
  });
});

describe("bounds", () => {
  test.each([
    ["units", { units: 1 }],
    ["bytes", { bytes: 1 }],
  ])("refuses what exceeds its %s, says so, and takes more once drained", async (_, limits) => {
    const outbox = createOutbox(limits);
    const gate = Promise.withResolvers<void>();
    const held = outbox.add(unit("a", async () => gate.promise));
    const onFailure = vi.fn();
    const { first } = outbox.add(unit("b", undefined, { onFailure }));
    await expect(first).rejects.toMatchObject({ code: "outbox_full" });
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: "outbox_full" }),
      false,
    );
    gate.resolve();
    await held.final;
    await outbox.add(unit("c")).final;
    expect(outbox.undelivered()).toBe(0);
  });
});

describe("failures", () => {
  test("a unit that may succeed later is kept, reported once, and delivered before what came after it", async () => {
    const outbox = createOutbox({ random: () => 1 });
    const sent: string[] = [];
    const onFailure = vi.fn();
    let failures = 4;
    const first = outbox.add(
      unit(
        "a",
        async () => {
          failures -= 1;
          if (failures >= 0) throw down();
          sent.push("a");
        },
        { onFailure },
      ),
    );
    const second = outbox.add(unit("b", async () => sent.push("b")));
    await expect(first.first).rejects.toMatchObject({ code: "connection" });
    await expect(second.first).rejects.toMatchObject({ code: "connection" });
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: "connection" }),
      true,
    );
    await vi.advanceTimersByTimeAsync(500 + 1000 + 2000 + 4000);
    expect(await second.final).toEqual({ key: "b", turnIds: ["b"] });
    expect(sent).toEqual(["a", "b"]);
    expect(onFailure).toHaveBeenCalledOnce();
  });

  test("waits at least as long as the service asks", async () => {
    const outbox = createOutbox({ random: () => 0 });
    const send = vi.fn<() => Promise<void>>().mockRejectedValueOnce(
      new ApiError("rate_limited", "slow down", {
        status: 429,
        retryable: true,
        retryAfterMs: 20_000,
      }),
    );
    const { final } = outbox.add(unit("a", send));
    await vi.advanceTimersByTimeAsync(19_999);
    expect(send).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(1);
    await final;
    expect(send).toHaveBeenCalledTimes(2);
  });

  test("a unit is given up after its time, reported as lost, and the next one goes on", async () => {
    const outbox = createOutbox({ retryForMs: 10_000 });
    const onFailure = vi.fn();
    const { final } = outbox.add(unit("a", async () => Promise.reject(down()), { onFailure }));
    const lost = final.catch((error: unknown) => error);
    const next = outbox.add(unit("b"));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await lost).toMatchObject({ code: "connection" });
    expect(onFailure.mock.calls.map(([, kept]) => kept)).toEqual([true, false]);
    await next.final;
  });

  test.each(["unauthorized", "forbidden"] as const)(
    "after a refusal for the key (%s) the pauses grow up to a minute",
    async (code) => {
      const outbox = createOutbox({ random: () => 1 });
      const times: number[] = [];
      const begin = Date.now();
      const onFailure = vi.fn();
      const send = vi.fn(async () => {
        times.push((Date.now() - begin) / 1000);
        throw new MemoryError(code, "no");
      });
      const { final } = outbox.add(unit("a", send, { onFailure }));
      const lost = final.catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(400_000);
      expect(times).toEqual([0, 8, 24, 56, 116, 176, 236, 296, 356]);
      expect(await lost).toMatchObject({ code });
      expect(onFailure.mock.calls.map(([, kept]) => kept)).toEqual([true, false]);
    },
  );

  test("a refused unit does not hold up the thread", async () => {
    const outbox = createOutbox();
    const onFailure = vi.fn();
    outbox.add(unit("a", async () => Promise.reject(refused()), { onFailure }));
    await outbox.add(unit("b")).final;
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: "validation" }),
      false,
    );
  });
});

describe("flush", () => {
  test("waits for a unit that was added a moment ago", async () => {
    const outbox = createOutbox();
    let stored = false;
    outbox.add(
      unit("a", async () => {
        stored = true;
      }),
    );
    await outbox.flush();
    expect(outbox.undelivered()).toBe(0);
    expect(stored).toBe(true);
  });

  test("tries a waiting unit at once, and tells how many are left", async () => {
    const outbox = createOutbox();
    const send = vi.fn(async () => Promise.reject(down()));
    outbox.add(unit("a", send));
    outbox.add(unit("b"));
    for (let tries = 0; tries < 2; tries += 1) {
      await outbox.flush();
      expect(outbox.undelivered()).toBe(2);
    }
    expect(send.mock.calls.length).toBeGreaterThanOrEqual(2);
    send.mockImplementation(async () => undefined as never);
    await outbox.flush();
    expect(outbox.undelivered()).toBe(0);
  });
});

describe("with a spill", () => {
  const spillOf = (
    recovered: OutboxRecord[] = [],
  ): OutboxSpill & { kept: Map<string, OutboxRecord>; log: string[] } => {
    const kept = new Map(recovered.map((record) => [record.id, record]));
    const log: string[] = [];
    return {
      kept,
      log,
      open: async () => recovered,
      put: (record) => {
        log.push(`put ${record.key}${record.body === undefined ? "" : " fixed"}`);
        kept.set(record.id, record);
      },
      remove: (id) => {
        kept.delete(id);
      },
    };
  };

  test("a unit is kept before it is sent, its body before the first attempt, and let go when stored", async () => {
    const outbox = createOutbox();
    const spill = spillOf();
    outbox.attach(spill, { service: "s", deliver: async () => [], onFailure: () => undefined });
    const { final } = outbox.add(
      unit("a", undefined, {
        deliver: async (_, { fix }) => {
          await fix("{}");
          spill.log.push("sent");
          return [];
        },
      }),
    );
    await final;
    expect(spill.log).toEqual(["put a", "put a fixed", "sent"]);
    expect(spill.kept.size).toBe(0);
  });

  test("what an earlier process left goes first, oldest first, and newer units do not overtake it", async () => {
    const outbox = createOutbox();
    const sent: string[] = [];
    const old = [recordOf("0-1", "old 1"), recordOf("0-2", "old 2"), recordOf("0-3", "x", "other")];
    outbox.attach(spillOf(old), {
      service: "s",
      deliver: async ({ key }) => {
        sent.push(key);
        return [];
      },
      onFailure: () => undefined,
    });
    await outbox.add(unit("new", async () => sent.push("new"))).final;
    await outbox.flush();
    expect(sent.filter((key) => key !== "x")).toEqual(["old 1", "old 2", "new"]);
    expect(sent).toContain("x");
  });

  test("an outage has no end for a unit that is kept on disk", async () => {
    const outbox = createOutbox({ retryForMs: 1000 });
    outbox.attach(spillOf(), { service: "s", deliver: async () => [], onFailure: vi.fn() });
    const send = vi.fn(async () => Promise.reject(down()));
    const { final } = outbox.add(unit("a", send));
    await vi.advanceTimersByTimeAsync(600_000);
    send.mockImplementation(async () => undefined as never);
    await vi.advanceTimersByTimeAsync(4000);
    expect(await final).toEqual({ key: "a", turnIds: ["a"] });
  });

  test("a full disk is reported, and the unit is delivered from memory", async () => {
    const outbox = createOutbox();
    const spill = spillOf();
    spill.put = () => {
      throw new MemoryError("outbox_full", "no space");
    };
    outbox.attach(spill, { service: "s", deliver: async () => [], onFailure: () => undefined });
    const onFailure = vi.fn();
    await outbox.add(unit("a", undefined, { onFailure })).final;
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: "outbox_full" }),
      true,
    );
  });

  test("a refused unit is let go, one refused for its key stays, here and for the next process", async () => {
    const outbox = createOutbox();
    const spill = spillOf();
    outbox.attach(spill, { service: "s", deliver: async () => [], onFailure: () => undefined });
    outbox.add(unit("a", async () => Promise.reject(refused())));
    outbox.add(unit("b", async () => Promise.reject(new MemoryError("unauthorized", "no"))));
    await outbox.flush();
    expect([...spill.kept.values()].map(({ key }) => key)).toEqual(["b"]);
    expect(outbox.undelivered()).toBe(1);
  });

  test("a second, other spill is refused", () => {
    const outbox = createOutbox();
    const source = { service: "s", deliver: async () => [], onFailure: () => undefined };
    const spill = spillOf();
    outbox.attach(spill, source);
    outbox.attach(spill, source);
    expect(() => {
      outbox.attach(spillOf(), source);
    }).toThrow(expect.objectContaining({ code: "configuration" }));
  });
});
