import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  backUpSqliteFile,
  createEngine,
  openSqliteStore,
  restoreSqliteFile,
  verifySqliteFile,
} from "@spectron/engine";
import type { Engine } from "@spectron/engine";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bundleProcesses } from "./bundle-processes.ts";
import { runProgram, seen } from "./fault-program.ts";
import { makeOldFile, OLD_VERSIONS, rowsOf } from "./old-file.ts";
import { CALLER, KEY } from "./principal.ts";

/** Copies while a process writes; more for a long run at the counts of a release. */
const COPIES = process.env["SPECTRON_FULL"] === "1" ? 50 : 5;

let folder: string;
let path: string;
let processes: Awaited<ReturnType<typeof bundleProcesses>>;
beforeAll(async () => {
  processes = await bundleProcesses("numbering-process", "maintaining-process");
});
afterAll(async () => {
  await rm(processes.folder, { recursive: true, force: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-backup-"));
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

async function say(engine: Engine, text: string): Promise<void> {
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

/** What was said, by session. */
async function said(engine: Engine): Promise<string[][]> {
  const { sessions } = await engine.read("listSessions", {
    caller: CALLER,
    clamp: { patterns: ["/*"] },
    limit: 500,
  });
  return Promise.all(
    sessions.map(async ({ id }) => {
      const texts: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await engine.read("listTurns", { caller: CALLER, id, limit: 500, cursor });
        texts.push(...page.turns.map(({ content }) => content));
        cursor = page.page?.nextCursor;
      } while (cursor !== undefined);
      return texts;
    }),
  );
}

/** The same of a file that nobody uses, which must be whole. */
async function saidIn(file: string): Promise<string[]> {
  const engine = await open(file);
  expect(await engine.verify()).toMatchObject({ ok: true, problems: [] });
  const texts = await said(engine);
  await engine.close();
  return texts.flat().toSorted();
}

describe("a copy that is made while a process writes", () => {
  interface Event {
    sent?: number;
    stored?: number;
    copied?: string;
  }

  /** A process that writes, and all that it has told, in order. */
  function startWriter() {
    const child = startProcess("numbering-process", [path]);
    const events: Event[] = [];
    let look = (): void => undefined;
    child.on("message", (event: Event) => {
      events.push(event);
      look();
    });
    const exited = once(child, "exit");
    return {
      events,
      send: (message: string) => child.send(message),
      exited,
      async until(reached: () => boolean): Promise<void> {
        await Promise.race([
          new Promise<void>((resolve) => {
            look = () => {
              if (reached()) resolve();
            };
            look();
          }),
          exited.then(() => {
            throw new Error("The writer ended early.");
          }),
        ]);
      },
    };
  }

  const isStored = ({ stored }: Event): boolean => stored !== undefined;

  test(
    "is an exact prefix with all that was acknowledged before, restores, and takes writes",
    { timeout: 3_600_000 },
    async () => {
      const writer = startWriter();
      const { events } = writer;
      for (let round = 0; round < COPIES; round += 1) {
        const wanted = events.filter(isStored).length + ((round * 37) % 60) + 1;
        await writer.until(() => events.filter(isStored).length >= wanted);
        const copy = join(folder, `copy-${round}.db`);
        const before = events.length;
        // by the process that writes, or by another one
        if (round % 2 === 0) await backUpSqliteFile(path, copy);
        else {
          writer.send(copy);
          await writer.until(() => events.some(({ copied }) => copied === copy));
        }
        const restored = join(folder, "restored", "memory.db");
        await restoreSqliteFile(copy, restored, { replace: true });
        const engine = await open(restored);
        expect(await engine.verify()).toMatchObject({ ok: true, problems: [] });
        const sessions = (await said(engine)).map((texts) =>
          texts.map((text) => Number(/Town(\d+)/.exec(text)?.[1])),
        );
        for (const numbers of sessions)
          expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
        const numbers = new Set(sessions.flat());
        expect(numbers.size).toBe(sessions.flat().length);
        const newest = events.findLastIndex(({ sent }) => sent !== undefined && numbers.has(sent));
        // what was acknowledged before the newest message that is there was sent, or before the copy was asked for
        const owed = events
          .slice(0, Math.max(newest, before))
          .flatMap(({ stored }) => stored ?? []);
        expect(owed.filter((number) => !numbers.has(number))).toEqual([]);
        await say(engine, "It goes on.");
        expect(await engine.verify()).toMatchObject({ ok: true, problems: [] });
        await engine.close();
        await rm(copy);
      }
      writer.send("stop");
      expect(await writer.exited).toEqual([0, null]);
      expect((await saidIn(path)).length).toBe(events.filter(isStored).length);
    },
  );
});

describe.each(OLD_VERSIONS)("a file of schema version %i", (version) => {
  let source: string;
  let expected: unknown;
  beforeEach(async () => {
    source = join(folder, "source.db");
    const store = await openSqliteStore({ path: source });
    const engine = createEngine({ store });
    await runProgram(engine, store, () => undefined);
    expected = await seen(engine);
    await engine.close();
    makeOldFile(source, path, version);
  });

  test("opens with exactly what it held, and opening it again changes nothing", async () => {
    const hadVectors = rowsOf(path)["vector"];
    await (await openSqliteStore({ path })).close();
    expect(rowsOf(path)).toEqual({ ...rowsOf(source), vector: hadVectors ?? [] });
    const bytes = readFileSync(path);
    await (await openSqliteStore({ path })).close();
    expect(readFileSync(path).equals(bytes)).toBe(true);
    const engine = await open();
    expect(await engine.verify()).toMatchObject({ ok: true, problems: [] });
    expect(await seen(engine)).toEqual(expected);
    await say(engine, "It goes on.");
    expect(await engine.verify()).toMatchObject({ ok: true, problems: [] });
    await engine.close();
  });

  test("is left as it is by verify and by a backup, which restores to this version", async () => {
    const bytes = readFileSync(path);
    await expect(verifySqliteFile(path)).rejects.toMatchObject({
      code: "store_older",
      message: expect.stringContaining("Start a server on it once"),
    });
    const copy = join(folder, "copy.db");
    await backUpSqliteFile(path, copy);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    const restored = join(folder, "restored.db");
    await restoreSqliteFile(copy, restored);
    expect(await verifySqliteFile(restored)).toMatchObject({ ok: true });
    const engine = await open(restored);
    expect(await seen(engine)).toEqual(expected);
    await engine.close();
  });
});

describe("a restore", () => {
  beforeEach(async () => {
    const engine = await open();
    await say(engine, "old");
    await engine.close();
  });

  test("takes what is in the log beside a copy that was made by hand", async () => {
    const copy = join(folder, "by-hand.db");
    const engine = await open();
    await say(engine, "in the log");
    for (const suffix of ["", "-wal"]) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
    await engine.close();
    await restoreSqliteFile(copy, path, { replace: true });
    expect(await saidIn(path)).toEqual(["in the log", "old"]);
  });

  test.each<[string, string, (copy: string) => void]>([
    [
      "a newer backup",
      "store_newer",
      (copy) => {
        copyFileSync(path, copy);
        const database = new DatabaseSync(copy);
        database.exec("PRAGMA user_version = 999");
        database.close();
      },
    ],
    [
      "a backup with a changed row",
      "store_corrupt",
      (copy) => {
        copyFileSync(path, copy);
        const database = new DatabaseSync(copy);
        database.exec("UPDATE turn SET text = 'changed'");
        database.close();
      },
    ],
    ["an empty file", "store_corrupt", (copy) => writeFileSync(copy, "")],
    ["a text", "store_corrupt", (copy) => writeFileSync(copy, "shopping list ".repeat(999))],
    [
      "a cut backup",
      "store_corrupt",
      (copy) => {
        const whole = readFileSync(path);
        writeFileSync(copy, whole.subarray(0, Math.floor(whole.length / 2)));
      },
    ],
    [
      "a database of another program",
      "store_failed",
      (copy) => {
        const database = new DatabaseSync(copy);
        database.exec("CREATE TABLE list (item TEXT)");
        database.close();
      },
    ],
    ["nothing", "not_found", () => undefined],
  ])("of %s is refused and leaves the memory as it was", async (_, code, make) => {
    const copy = join(folder, "copy.db");
    make(copy);
    await expect(restoreSqliteFile(copy, path, { replace: true })).rejects.toMatchObject({ code });
    expect(await saidIn(path)).toEqual(["old"]);
    expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
  });

  test("puts a backup in the place of a memory that is damaged beyond reading", async () => {
    const copy = join(folder, "copy.db");
    await backUpSqliteFile(path, copy);
    const engine = await open();
    await say(engine, "lost with the damage");
    copyFileSync(`${path}-wal`, join(folder, "kept-wal"));
    await engine.close();
    // its log is whole, and would be read into whatever takes the place
    copyFileSync(join(folder, "kept-wal"), `${path}-wal`);
    writeFileSync(path, "garbage ".repeat(4096));
    await restoreSqliteFile(copy, path, { replace: true });
    expect(await saidIn(path)).toEqual(["old"]);
  });
});

test(
  "a kill at any step of a migration, a backup or a restore leaves the old or the new, and a retry completes it",
  { timeout: 3_600_000 },
  async () => {
    const base = join(folder, "base");
    const files = (root: string): [string, string, string, string] => [
      join(root, "old.db"),
      join(root, "live.db"),
      join(root, "target.db"),
      join(root, "backup.db"),
    ];
    const [old, live, , backup] = files(base);
    const source = await open();
    await say(source, "older");
    await source.close();
    const writing = await open(live);
    await say(writing, "live");
    // the log holds all of it, as after a kill
    for (const suffix of ["", "-wal"])
      copyFileSync(`${live}${suffix}`, join(folder, `kept${suffix}`));
    await writing.close();
    for (const suffix of ["", "-wal"])
      copyFileSync(join(folder, `kept${suffix}`), `${live}${suffix}`);
    makeOldFile(path, old, OLD_VERSIONS[0] ?? 0);
    await backUpSqliteFile(old, backup);

    const run = async (root: string, env: Record<string, string>): Promise<unknown[]> =>
      once(startProcess("maintaining-process", files(root), env), "exit");
    const log = join(folder, "steps");
    await cp(base, join(folder, "whole"), { recursive: true });
    expect(await run(join(folder, "whole"), { FAULT_LOG: log })).toEqual([0, null]);
    const steps = readFileSync(log, "utf8").trim().split("\n");
    expect(steps).toEqual(
      expect.arrayContaining(["migrate", "migrated", "backup settle", "restore settle"]),
    );
    const views = new Set<string>();
    const killAt = async (index: number, step: string): Promise<void> => {
      const nth = steps.slice(0, index + 1).filter((other) => other === step).length;
      const root = join(folder, `${index}`);
      await cp(base, root, { recursive: true });
      expect([step, nth, ...(await run(root, { FAULT_AT: `${step} ${nth}` }))]).toEqual([
        step,
        nth,
        null,
        "SIGKILL",
      ]);
      const [migrated, place, target] = files(root);
      expect([step, nth, await saidIn(migrated)]).toEqual([step, nth, ["older"]]);
      views.add((await saidIn(place)).join());
      for (const copy of [target].filter((file) => existsSync(file)))
        expect(await verifySqliteFile(copy)).toMatchObject({ ok: true });
      rmSync(target, { force: true });
      expect([step, nth, ...(await run(root, {}))]).toEqual([step, nth, 0, null]);
      expect(await saidIn(place)).toEqual(["older"]);
      expect(readdirSync(root).filter((name) => /partial|-wal|-shm/.test(name))).toEqual([]);
      await rm(root, { recursive: true });
    };
    // two at a time, as the machine has more than one core
    await Promise.all(
      [0, 1].map(async (lane) => {
        for (const [index, step] of steps.entries())
          if (index % 2 === lane) await killAt(index, step);
      }),
    );
    expect([...views].toSorted()).toEqual(["live", "older"]);
  },
);
