import { expect, test } from "vitest";
import type { ReadTrace } from "./commands/record-traces.ts";
import { createTraceQueue } from "./trace-queue.ts";

const trace = (id: string): ReadTrace => ({
  context: "dev",
  principal: "owner",
  at: 0,
  id,
  kind: "retrieval",
  data: "{}",
  recalled: [],
});

type Write = Parameters<typeof createTraceQueue>[0]["write"];

test("traces that wait together are written together, in order, and each once", async () => {
  const writes: string[][] = [];
  const write = (async (_name: string, input: { traces: readonly ReadTrace[] }) => {
    writes.push(input.traces.map(({ id }) => id));
  }) as Write;
  const queue = createTraceQueue({ write });
  queue.add(trace("a"));
  queue.add(trace("b"));
  await queue.flush();
  await queue.flush();
  expect(writes).toEqual([["a", "b"]]);
  const many = Array.from({ length: 65 }, (_, at) => `many-${at}`);
  for (const id of many) queue.add(trace(id));
  await queue.flush();
  expect(writes.flat()).toEqual(["a", "b", ...many]);
  expect(writes).toHaveLength(3);
});

test("a write that fails does not fail the flush, and later traces are still written", async () => {
  let fails = true;
  const writes: number[] = [];
  const write = (async (_name: string, input: { traces: readonly ReadTrace[] }) => {
    if (fails) throw new Error("disk");
    writes.push(input.traces.length);
  }) as Write;
  const queue = createTraceQueue({ write });
  queue.add(trace("lost"));
  await queue.flush();
  fails = false;
  queue.add(trace("kept"));
  await queue.flush();
  expect(writes).toEqual([1]);
});
