import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, openSqliteStore } from "@spectron/engine";
import type { RememberInput } from "@spectron/engine";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CALLER, KEY } from "./principal.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** Processor time of this thread, in microseconds: how busy the machine is does not show in it. */
function used(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

test("while sixteen large writes run at once, no stretch between two turns of the loop is a tenth of the work", async () => {
  const engine = createEngine({ store: await openSqliteStore({ path: join(folder, "m.db") }) });
  await engine.bootstrap(KEY);
  const write = async (user: number): Promise<unknown> =>
    engine.remember({
      caller: CALLER,
      scopes: [[`user/u${user}`]],
      messages: Array.from({ length: 100 }, (_, index) => ({
        role: "user" as const,
        content: `I moved to Braga in week ${index} and my sister Nora said that she likes the river there.`,
      })),
      infer: "full",
      triples: [],
      diff: "whole_conversation",
      labels: [],
      answer: { kind: "batch" },
    } satisfies RememberInput);
  // patterns are compiled when they are first used
  await write(0);
  const began = used();
  let last = began;
  let longest = 0;
  let isDone = false;
  const turn = (): void => {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await Promise.all(Array.from({ length: 16 }, async (_, user) => write(user + 1)));
  isDone = true;
  expect(longest / (used() - began)).toBeLessThan(0.1);
  await engine.close();
});
