import { execFileSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createEngine, openSqliteStore, verifySqliteFile } from "@spectron/engine";
import type { Engine, Store } from "@spectron/engine";
import { mountSmallDisk } from "@spectron/testing";
import type { SmallDisk } from "@spectron/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TestContext } from "vitest";
import { NOTHING_WRONG, readBatches, storeBatch } from "./keyed-batches.ts";
import { CALLER, KEY } from "./principal.ts";

/** Times that each kind of disk is filled; raise it for a long run. */
const FULL_DISKS = Number(process.env["SPECTRON_FULL_DISKS"] ?? 20);
/** Times that one file is filled. */
const PER_FILE = 10;
const WRITERS = ["a", "b", "c"];

let folder: string;
let ends: (() => Promise<void> | void)[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-full-"));
  ends = [];
});
afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  await rm(folder, { recursive: true, force: true });
});

async function open(
  path: string,
  faults?: string,
): Promise<{ engine: Engine; store: Store; close: () => Promise<void> }> {
  const store = await openSqliteStore({ path, faults });
  const engine = createEngine({ store });
  const close = async (): Promise<void> => engine.close();
  ends.push(close);
  await engine.bootstrap(KEY);
  return { engine, store, close };
}

function smallDisk(ctx: TestContext, megabytes: number): SmallDisk {
  const disk = mountSmallDisk(megabytes);
  if (typeof disk === "string") return ctx.skip(disk);
  ends.push(() => disk.remove());
  return disk;
}

/** One way in which there is no room for a file, and room again. */
interface Limit {
  path: string;
  faults?: string | undefined;
  /** Leaves so little room that the file soon cannot grow, each round another amount. */
  squeeze(round: number): void;
  release(): void;
}

/** No more pages than the writing connection is allowed to use. */
function limitPages(file: number): Limit {
  const path = join(folder, `pages-${file}.db`);
  const extra = `${path}.extra`;
  const hook = `
import { readFileSync } from "node:fs";
let database, last;
export const fault = (step, opened) => {
  database ??= opened;
  const extra = step === "begin" ? readFileSync(${JSON.stringify(extra)}, "utf8") : last;
  if (extra === last) return;
  last = extra;
  const pages = database.prepare("PRAGMA page_count").get().page_count;
  database.exec("PRAGMA max_page_count = " + (pages + Number(extra)));
};`;
  const release = (): void => {
    writeFileSync(extra, "1000000");
  };
  release();
  return {
    path,
    faults: `data:text/javascript,${encodeURIComponent(hook)}`,
    squeeze: (round) => {
      writeFileSync(extra, String(1 + (((file + round) * 7) % 40)));
    },
    release,
  };
}

/** No file of this process may be larger. */
function limitFileSize(file: number): Limit {
  const path = join(folder, `size-${file}.db`);
  const limit = (size: string): void => {
    execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${size}:`]);
  };
  const release = (): void => {
    limit("unlimited");
  };
  ends.push(release);
  return {
    path,
    squeeze: (round) => {
      limit(String(statSync(`${path}-wal`).size + (((file + round) * 6007) % 120_000)));
    },
    release,
  };
}

/** A disk that something else has filled. */
function limitDisk(file: number, disk: SmallDisk): Limit {
  return {
    path: join(disk.folder, `disk-${file}.db`),
    squeeze: (round) => {
      disk.fill(((file + round) * 20_011) % 400_000);
    },
    release: () => {
      disk.makeRoom();
    },
  };
}

/**
 * Fills one file again and again; three writers share transactions. Answers with how many batches were refused, each of
 * which was stored once there was room.
 */
async function fillAgainAndAgain(limit: Limit, rounds: number): Promise<number> {
  const { engine, close } = await open(limit.path, limit.faults);
  const acknowledged: string[] = [];
  let refusals = 0;
  for (let round = 0; round < rounds; round += 1) {
    limit.squeeze(round);
    const refused: string[] = [];
    for (let count = 0; refused.length === 0; count += 1) {
      const keys = WRITERS.map((writer) => `${round}.${count}.${writer}`);
      const results = await Promise.allSettled(
        keys.map(async (key) => storeBatch(engine, key, 4000)),
      );
      results.forEach((result, index) => {
        const key = keys[index] ?? "";
        if (result.status === "fulfilled") acknowledged.push(key);
        else {
          expect(result.reason).toMatchObject({ name: "EngineError", code: "storage_full" });
          refused.push(key);
        }
      });
    }
    expect(await readBatches(engine, acknowledged)).toMatchObject(NOTHING_WRONG);
    const recalled = await engine.recall({
      caller: CALLER,
      clamp: { patterns: ["/*"] },
      query: "Which batch says part?",
      k: 5,
      facts: true,
      passages: true,
    });
    expect(recalled.hits()).toHaveLength(Math.min(5, acknowledged.length * 3));
    await engine.check();
    limit.release();
    refusals += refused.length;
    for (const key of refused) {
      expect([key, await storeBatch(engine, key, 4000)]).toEqual([key, { replayed: false }]);
      expect([key, await storeBatch(engine, key, 4000)]).toEqual([key, { replayed: true }]);
      acknowledged.push(key);
    }
  }
  const last = await readBatches(engine, acknowledged);
  expect(last).toMatchObject({ ...NOTHING_WRONG, found: new Set(acknowledged) });
  await close();
  expect(await verifySqliteFile(limit.path)).toMatchObject({ ok: true, problems: [] });
  const again = await open(limit.path);
  expect(await readBatches(again.engine, acknowledged)).toMatchObject(last);
  await again.close();
  return refusals;
}

async function fillFiles(make: (file: number) => Limit): Promise<number> {
  let refusals = 0;
  for (let done = 0; done < FULL_DISKS; done += PER_FILE) {
    const limit = make(done);
    refusals += await fillAgainAndAgain(limit, Math.min(PER_FILE, FULL_DISKS - done));
    await rm(limit.path);
  }
  return refusals;
}

describe("without room, what does not fit is refused and reads go on; with room, writes do, without a restart", () => {
  test("when the file may have no more pages", { timeout: 3_600_000 }, async () => {
    expect(await fillFiles(limitPages)).toBeGreaterThanOrEqual(FULL_DISKS);
  });

  test("when a file may not be larger", { timeout: 3_600_000 }, async (ctx) => {
    try {
      execFileSync("prlimit", ["--version"]);
    } catch {
      ctx.skip("This system has no prlimit.");
    }
    expect(await fillFiles(limitFileSize)).toBeGreaterThanOrEqual(FULL_DISKS);
  });

  test("when the disk is full", { timeout: 3_600_000 }, async (ctx) => {
    const disk = smallDisk(ctx, 16);
    expect(await fillFiles((file) => limitDisk(file, disk))).toBeGreaterThanOrEqual(FULL_DISKS);
  });
});

/** Stores so many batches of some kilobytes; answers with their keys. */
async function storeMany(engine: Engine, name: string, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, index) => `${name}.${index}`);
  for (const key of keys) await storeBatch(engine, key, 4000);
  return keys;
}

test("a memory that cannot be opened on a full disk says so, and opens whole when there is room", async (ctx) => {
  const disk = smallDisk(ctx, 8);
  const path = join(disk.folder, "memory.db");
  const { engine, close } = await open(path);
  const kept = await storeMany(engine, "kept", 20);
  await close();
  disk.fill();
  await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "storage_full" });
  disk.makeRoom();
  const again = await open(path);
  expect(await readBatches(again.engine, kept)).toMatchObject(NOTHING_WRONG);
});

test("a new memory is made whole or not at all, wherever the disk is full", async (ctx) => {
  const disk = smallDisk(ctx, 8);
  const outcomes: string[] = [];
  for (let pages = 0; pages < 160; pages += 8) {
    const path = join(disk.folder, `new-${pages}.db`);
    disk.fill(pages * 4096);
    const first = await openSqliteStore({ path }).catch((error: unknown) => error as Error);
    outcomes.push("code" in first ? String(first.code) : "opened");
    if (!(first instanceof Error)) await first.close();
    disk.makeRoom();
    const { engine, close } = await open(path);
    expect(await readBatches(engine, await storeMany(engine, "new", 1))).toMatchObject(
      NOTHING_WRONG,
    );
    expect(await engine.verify()).toMatchObject({ ok: true });
    await close();
    await rm(path);
  }
  expect(new Set(outcomes)).toEqual(new Set(["storage_full", "opened"]));
});

test("a log that finds no room in the file is kept, read from and copied later", async (ctx) => {
  const disk = smallDisk(ctx, 16);
  const path = join(disk.folder, "memory.db");
  const sizes = (): number[] =>
    [path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  const before = await open(path);
  await before.close();
  const first = await open(path);
  const kept = await storeMany(first.engine, "kept", 30);
  const [file = 0] = sizes();
  disk.fill(60_000);
  // closing copies the log, which does not fit
  await first.close();
  expect(sizes()).toEqual([expect.any(Number), expect.any(Number)]);
  expect(sizes()[1]).toBeGreaterThan(file);
  const second = await open(path);
  expect(await readBatches(second.engine, kept)).toMatchObject(NOTHING_WRONG);
  expect(await second.engine.verify()).toMatchObject({ ok: true });
  disk.makeRoom();
  kept.push(...(await storeMany(second.engine, "later", 1)));
  await second.close();
  expect(sizes()[1]).toBe(0);
  const third = await open(path);
  expect(await readBatches(third.engine, kept)).toMatchObject(NOTHING_WRONG);
});

test("what a sweep cannot remove from a full disk goes when there is room", async (ctx) => {
  const disk = smallDisk(ctx, 8);
  const { engine, store } = await open(join(disk.folder, "memory.db"));
  await storeMany(engine, "kept", 20);
  const sweep = async (): Promise<number> =>
    store.write("sweep", {
      retention: { traceAge: 0, traceCount: 0 },
      now: engine.now() + 1e10,
      limit: 1000,
    });
  disk.fill();
  await expect(sweep()).rejects.toMatchObject({ code: "storage_full" });
  disk.makeRoom();
  // an answer and a trace of each batch
  expect(await sweep()).toBe(40);
  expect(await engine.verify()).toMatchObject({ ok: true });
});

test("a lock that another program holds refuses writes only as long as it is held", async () => {
  const path = join(folder, "memory.db");
  const { engine } = await open(path);
  const other = new DatabaseSync(path);
  other.exec("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE");
  await expect(storeBatch(engine, "1")).rejects.toMatchObject({ code: "store_unavailable" });
  await engine.check();
  other.exec("ROLLBACK");
  other.close();
  expect(await storeBatch(engine, "1")).toEqual({ replayed: false });
  expect(await readBatches(engine, ["1"])).toMatchObject(NOTHING_WRONG);
});
