import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, openSqliteStore } from "@spectron/engine";
import type { Engine } from "@spectron/engine";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CALLER, KEY } from "./principal.ts";

const HOUR = 3_600_000;

let folder: string;
let engine: Engine;
let now: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-store-"));
  now = Date.UTC(2026, 0, 1);
  await open();
});
afterEach(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(): Promise<void> {
  engine = createEngine({
    store: await openSqliteStore({ path: join(folder, "memory.db") }),
    now: () => now,
    retention: { traceAge: 24 * HOUR, traceCount: 3, every: HOUR },
  });
  await engine.bootstrap(KEY);
}

async function say(text: string): Promise<void> {
  await engine.remember({
    caller: CALLER,
    scopes: [["u/a"]],
    messages: [{ role: "user", content: text }],
    infer: "none",
    triples: [],
    diff: "none",
    labels: [],
    answer: { kind: "batch" },
  });
}

/** Closing waits for a sweep that runs. */
async function tracesAfterSweep(): Promise<number> {
  await engine.close();
  await open();
  return (await engine.read("listTraces", { caller: CALLER, limit: 100 })).traces.length;
}

test("surplus traces go after a write, once an hour over all processes, and memory stays", async () => {
  for (let count = 0; count < 8; count += 1) await say(`message ${count}`);
  now += 2 * HOUR;
  await say("one more");
  expect(await tracesAfterSweep()).toBe(3);
  for (let count = 0; count < 4; count += 1) await say(`later ${count}`);
  expect(await tracesAfterSweep()).toBe(7);
  now += 2 * HOUR;
  await say("last");
  expect(await tracesAfterSweep()).toBe(3);
  const { sessions } = await engine.read("listSessions", {
    caller: CALLER,
    clamp: { patterns: ["/*"] },
    limit: 100,
  });
  expect(sessions).toHaveLength(14);
});
