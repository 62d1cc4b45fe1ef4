// Run as a child process over a disk that fails: stores batches, reads them back, and tells what came of it.
import { writeSync } from "node:fs";
import { createEngine, openSqliteStore } from "@spectron/engine";
import type { Engine } from "@spectron/engine";
import { readBatches, storeBatch, WAVES, WEIGHT } from "./keyed-batches.ts";
import { KEY } from "./principal.ts";

/** What a failure leads to: all is tried again until it is done, the store is closed, or the process is killed. */
export type AfterFailure = "again" | "close" | "kill";

export interface DiskStory {
  acknowledged: string[];
  /** Codes of all failures, in order. */
  failures: string[];
  /** Times that the store took no more writes until it was opened again. */
  stops: number;
  /** What must not happen. */
  wrong: string[];
}

const MOST_TRIES = 6;

const [path = "", afterFailure = "again"] = process.argv.slice(2);
const story: DiskStory = { acknowledged: [], failures: [], stops: 0, wrong: [] };
let engine: Engine | undefined;

function tell(): void {
  writeSync(1, JSON.stringify(story));
}

async function end(): Promise<never> {
  if (afterFailure === "kill") await look();
  else await close();
  tell();
  if (afterFailure === "kill") process.kill(process.pid, "SIGKILL");
  return process.exit(0);
}

/** Writes down whether the store still takes writes: one that nobody waits for may have stopped it. */
async function look(): Promise<void> {
  await attempt(async () => engine?.check());
}

async function close(): Promise<void> {
  await look();
  await engine?.close();
  engine = undefined;
}

/** Runs the task; a failure is written down by its code. */
async function attempt<Value>(task: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await task();
  } catch (error) {
    const { name, code } = error as { name: string; code?: string };
    story.failures.push(name === "EngineError" ? String(code) : `${name} ${code}`);
    return undefined;
  }
}

/** Runs the task until it works, as one that waits for it would. */
async function insist<Value>(what: string, task: () => Promise<Value | undefined>): Promise<Value> {
  for (let tries = 1; ; tries += 1) {
    const value = await attempt(task);
    if (value !== undefined) return value;
    if (afterFailure !== "again") return end();
    if (tries === MOST_TRIES) {
      story.wrong.push(`${what} never worked again`);
      return end();
    }
  }
}

// small logs are copied into the file often
const hook = `
export const fault = (step, database) => {
  if (step === "open") database.exec("PRAGMA wal_autocheckpoint = 40");
};`;

async function open(): Promise<Engine> {
  return insist("opening", async () => {
    const made = createEngine({
      store: await openSqliteStore({
        path,
        faults: `data:text/javascript,${encodeURIComponent(hook)}`,
      }),
    });
    try {
      await made.bootstrap(KEY);
    } catch (error) {
      await made.close();
      throw error;
    }
    return made;
  });
}

async function store(key: string): Promise<boolean> {
  const isStored = await attempt(async () => {
    await storeBatch(engine as Engine, key, WEIGHT);
    return true;
  });
  if (isStored === true) story.acknowledged.push(key);
  return isStored === true;
}

async function readAll(when: string): Promise<void> {
  const { lost, torn, doubled } = await insist(`reading ${when}`, async () =>
    readBatches(engine as Engine, story.acknowledged),
  );
  for (const [name, keys] of Object.entries({ lost, torn, doubled }))
    if (keys.length > 0) story.wrong.push(`${name} ${when}: ${keys.join()}`);
}

/** Stores what was refused once more, over the store opened anew if it takes no more writes. */
async function storeAgain(keys: readonly string[]): Promise<void> {
  if (afterFailure !== "again") await end();
  const left: string[] = [];
  for (const key of keys) if (!(await store(key))) left.push(key);
  const hasStopped = await engine?.check().then(
    () => false,
    () => true,
  );
  if (hasStopped === true) {
    story.stops += 1;
    if (await store(`stopped-${story.stops}`)) story.wrong.push("a stopped store took a write");
    if (left.length !== keys.length) story.wrong.push("a stopped store took a repeat");
    await readAll("while stopped");
  }
  if (left.length === 0) return;
  if (hasStopped !== true) story.wrong.push(`not stored again without a stop: ${left.join()}`);
  await close();
  engine = await open();
  for (const key of left)
    await insist(`storing ${key}`, async () => (await store(key)) || undefined);
}

engine = await open();
for (const [index, keys] of WAVES.entries()) {
  if (index === WAVES.length / 2) {
    await close();
    engine = await open();
  }
  const stored = await Promise.all(keys.map(store));
  const refused = keys.filter((_, at) => stored[at] === false);
  if (refused.length > 0) await storeAgain(refused);
  await readAll(`after wave ${index + 1}`);
}
await end();
