import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createEngine, openSqliteStore } from "@spectron/engine";
import type { Engine } from "@spectron/engine";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { bundleProcesses } from "./bundle-processes.ts";
import { runProgram, seen } from "./fault-program.ts";
import { killWriters } from "./kill-writers.ts";
import { CALLER, KEY } from "./principal.ts";

/** Kills at each step, at so many of its occurrences: set for a long run at the counts of a release. */
const KILLS_AT_A_STEP = process.env["SPECTRON_FULL"] === "1" ? 20 : 1;

let folder: string;
let path: string;
let processes: Awaited<ReturnType<typeof bundleProcesses>>;
beforeAll(async () => {
  processes = await bundleProcesses("fault-process", "fault-module");
});
afterAll(async () => {
  await rm(processes.folder, { recursive: true, force: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-store-"));
  path = join(folder, "memory.db");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function open(file = path): Promise<Engine> {
  const engine = createEngine({ store: await openSqliteStore({ path: file }) });
  await engine.bootstrap(KEY);
  return engine;
}

function startProcess(
  name: string,
  args: readonly string[],
  env: Record<string, string> = {},
): ChildProcess {
  return fork(processes.file(name), args, {
    execPath: process.execPath,
    execArgv: [],
    env: { ...process.env, ...processes.env, ...env },
  });
}

async function say(engine: Engine, text: string, parts?: unknown): Promise<string> {
  const outcome = await engine.remember({
    caller: CALLER,
    scopes: [["u/a"]],
    messages: [{ role: "user", content: text, parts }],
    infer: "full",
    triples: [],
    diff: "none",
    labels: [],
    answer: { kind: "batch" },
  });
  return (outcome.body as { sessionId: string }).sessionId;
}

/** Each step with one of its occurrences, spread over all that there are, such as `commit 3`. */
function placesOf(steps: readonly string[]): string[] {
  return [...new Set(steps)].flatMap((step) => {
    const all = steps.filter((other) => other === step).length;
    const count = Math.min(all, KILLS_AT_A_STEP);
    return Array.from(
      { length: count },
      (_, index) => `${step} ${Math.floor((index * all) / count) + 1}`,
    );
  });
}

test(
  "a hundred kills of a process with four writers lose nothing acknowledged and tear nothing",
  { timeout: 3_600_000 },
  async () => {
    const report = await killWriters({ kills: 100 });
    expect(report).toMatchObject({ kills: 100, lost: 0, torn: 0, problems: [] });
    expect(report.acknowledged).toBeGreaterThanOrEqual(100);
  },
);

test(
  "a kill at any step of any write leaves the state before or after it, and a retry completes it once",
  { timeout: 3_600_000 },
  async () => {
    const log = join(folder, "steps");
    const whole = startProcess("fault-process", [path], { FAULT_LOG: log });
    await once(whole, "exit");
    const reference = await open();
    const expected = await seen(reference);
    await reference.close();
    const steps = readFileSync(log, "utf8").trim().split("\n");
    expect([...new Set(steps)]).toEqual(
      expect.arrayContaining(["migrate", "open", "begin", "appendTurns", "commit", "answer"]),
    );
    const killAt = async (step: string): Promise<void> => {
      const file = join(folder, `${step}.db`);
      const child = startProcess("fault-process", [file], { FAULT_AT: step });
      const acknowledged: string[] = [];
      child.on("message", (name: unknown) => acknowledged.push(String(name)));
      const [, signal] = (await once(child, "exit")) as [number | null, string | null];
      expect([step, signal]).toEqual([step, "SIGKILL"]);
      const store = await openSqliteStore({ path: file });
      const engine = createEngine({ store });
      expect([step, await engine.verify()]).toMatchObject([step, { ok: true, problems: [] }]);
      for (const said of acknowledged.filter((name) => name.startsWith("say ")))
        expect(
          await store.read("findAnswer", {
            ref: { context: "dev", principal: "p", key: said.slice("say ".length) },
          }),
        ).toMatchObject({ status: 200 });
      await runProgram(engine, store, () => undefined);
      expect([step, await seen(engine)]).toEqual([step, expected]);
      await engine.close();
    };
    const places = placesOf(steps);
    // two at a time, as the machine has more than one core
    await Promise.all(
      [0, 1].map(async (lane) => {
        for (const [index, place] of places.entries()) if (index % 2 === lane) await killAt(place);
      }),
    );
  },
);

test("a file of a newer version is refused and left as it is", async () => {
  await (await open()).close();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 999");
  database.close();
  await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "store_newer" });
});

test("every row that a write stores is synced before it is acknowledged", async () => {
  const engine = await open();
  await say(engine, "I live in Braga.");
  // what a power cut leaves: the file and its log as they are on the disk, without a close
  for (const suffix of ["", "-wal"])
    copyFileSync(`${path}${suffix}`, join(folder, `cut.db${suffix}`));
  const cut = await open(join(folder, "cut.db"));
  expect(await cut.verify()).toMatchObject({ ok: true, checked: { turn: 1 } });
  await cut.close();
  await engine.close();
});
