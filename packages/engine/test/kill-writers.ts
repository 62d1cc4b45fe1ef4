import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createEngine, openSqliteStore } from "@spectron/engine";
import { bundleProcesses } from "./bundle-processes.ts";
import { CALLER, KEY } from "./principal.ts";

export interface KillOptions {
  kills: number;
  /** A bundle of the writing process, which starts faster than the source. */
  writer?: string | undefined;
  /** Ends earlier after so many minutes. */
  minutes?: number | undefined;
}

export interface KillReport {
  kills: number;
  acknowledged: number;
  /** Acknowledged batches that are not there, or not whole. */
  lost: number;
  /** Sessions with another number of turns than a whole batch. */
  torn: number;
  /** Rules that do not hold. */
  problems: string[];
  /** From the start of the next process to its first acknowledgement, in milliseconds. */
  readyAgainP95: number;
}

/** Kills a process with four writers again and again, 5 to 60 ms after its first acknowledgement, and looks what is left. */
export async function killWriters(options: KillOptions): Promise<KillReport> {
  const bundle = await bundleProcesses("writer-process");
  const folder = await mkdtemp(join(tmpdir(), "spectron-kill-"));
  const path = join(folder, "memory.db");
  const acknowledged: string[] = [];
  const ready: number[] = [];
  let round = 0;
  try {
    const first = createEngine({ store: await openSqliteStore({ path }) });
    await first.bootstrap(KEY);
    await first.close();
    const end = performance.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
    for (; round < options.kills && performance.now() < end; round += 1) {
      const start = performance.now();
      const child = fork(bundle.file("writer-process"), [path, String(round)], {
        execPath: process.execPath,
        execArgv: [],
        env: { ...process.env, ...bundle.env },
      });
      const exited = once(child, "exit");
      let isReady = false;
      child.on("message", (id: unknown) => {
        acknowledged.push(String(id));
        if (isReady) return;
        isReady = true;
        ready.push(performance.now() - start);
        setTimeout(() => child.kill("SIGKILL"), 5 + Math.random() * 55);
      });
      const [code] = (await exited) as [number | null];
      if (code !== null) throw new Error(`The writer ended by itself with ${code}.`);
    }
    return await inspect(path, acknowledged, ready, round);
  } finally {
    for (const made of [folder, bundle.folder]) await rm(made, { recursive: true, force: true });
  }
}

async function inspect(
  path: string,
  acknowledged: readonly string[],
  ready: readonly number[],
  kills: number,
): Promise<KillReport> {
  const engine = createEngine({ store: await openSqliteStore({ path }) });
  const { problems } = await engine.verify();
  const whole = new Set<string>();
  let torn = 0;
  let cursor: string | undefined;
  do {
    const page = await engine.read("listSessions", {
      caller: CALLER,
      clamp: { patterns: ["/*"] },
      limit: 500,
      cursor,
    });
    for (const { id, turnCount } of page.sessions)
      if (turnCount === 5) whole.add(id);
      else torn += 1;
    cursor = page.page.nextCursor;
  } while (cursor !== undefined);
  await engine.close();
  const sorted = ready.toSorted((a, b) => a - b);
  return {
    kills,
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((id) => !whole.has(id)).length,
    torn,
    problems: problems.map(({ rule, count }) => `${rule} (${count})`),
    readyAgainP95: Math.round(sorted[Math.floor(sorted.length * 0.95)] ?? 0),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [kills = "2000", minutes = "Infinity"] = process.argv.slice(2);
  const report = await killWriters({ kills: Number(kills), minutes: Number(minutes) });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}
