import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, openSqliteStore } from "@spectron/engine";
import type { Engine } from "@spectron/engine";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bundleProcesses } from "./bundle-processes.ts";
import { CALLER, KEY } from "./principal.ts";

/** Set for a long run at the counts of a release. */
const IS_FULL = process.env["SPECTRON_FULL"] === "1";
const RACES = IS_FULL ? 500 : 50;
/** Races on one file, before the next file is begun. */
const RACES_OF_A_FILE = 10;
/** What an opening may take, whether it succeeds or is refused; a short run may share its machine. */
const MOST_MS = IS_FULL ? 1000 : 10_000;
/** A user who may write nowhere. */
const NOBODY = 65_534;

interface Told {
  ok: boolean;
  /** Milliseconds in the process. */
  took: number;
  code?: string;
  message?: string;
}

/** A process that may own the file. */
interface Contender {
  pid: number;
  ask(task: "open" | "say" | "check" | "close" | "become", value?: string): Promise<Told>;
  kill(): Promise<void>;
}

let folder: string;
let path: string;
let processes: Awaited<ReturnType<typeof bundleProcesses>>;
let children: ChildProcess[];
beforeAll(async () => {
  processes = await bundleProcesses("owner-process");
  chmodSync(processes.folder, 0o755);
});
afterAll(async () => {
  await rm(processes.folder, { recursive: true, force: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-owner-"));
  path = join(folder, "memory.db");
  children = [];
});
afterEach(async () => {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }),
  );
  await rm(folder, { recursive: true, force: true });
});

async function open(file = path): Promise<Engine> {
  const engine = createEngine({ store: await openSqliteStore({ path: file }) });
  await engine.bootstrap(KEY);
  return engine;
}

function start(): Contender {
  const child = fork(processes.file("owner-process"), {
    execPath: process.execPath,
    execArgv: [],
    env: { ...process.env, ...processes.env },
  });
  children.push(child);
  return {
    pid: child.pid ?? 0,
    async ask(task, value = "") {
      const told = once(child, "message") as Promise<[Told]>;
      child.send([task, value]);
      return (await told)[0];
    },
    async kill() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

const heldBy = (pid: number): Omit<Told, "ok" | "took"> => ({
  code: "store_locked",
  message: expect.stringContaining(`(pid ${pid})`) as string,
});

function mustSucceed(told: Told): void {
  if (!told.ok) throw new Error(JSON.stringify(told));
}

/** All that was said, in the order of the file. */
async function said(file = path): Promise<string[]> {
  const engine = await open(file);
  expect(await engine.verify()).toMatchObject({ ok: true, problems: [] });
  const { sessions } = await engine.read("listSessions", {
    caller: CALLER,
    clamp: { patterns: ["/*"] },
    limit: 10,
  });
  const { turns } = await engine.read("listTurns", {
    caller: CALLER,
    id: sessions[0]?.id ?? "",
    limit: 500,
  });
  await engine.close();
  return turns.map(({ content }) => content);
}

/** What may lie beside a file when processes start on it. */
const REMAINS: readonly ((file: string, killed: number) => void)[] = [
  () => undefined,
  (file, killed) => writeFileSync(`${file}-owner.pid`, `${killed}\n`),
  // a pid that was given to a process which has nothing to do with the file
  (file) => writeFileSync(`${file}-owner.pid`, `${process.pid}\n`),
  (file) => writeFileSync(`${file}-owner.pid`, Buffer.from([0xff, 0, 0x31, 0x0a])),
  (file) => writeFileSync(`${file}-owner.pid`, ""),
  (file) => writeFileSync(`${file}-owner.pid`, "1\n", { mode: 0o400 }),
  (file) => {
    rmSync(`${file}-owner`, { force: true });
    rmSync(`${file}-owner.pid`, { force: true });
  },
];

test(
  "of processes that start at a time exactly one owns the file, the others are told its pid, and a kill frees it",
  { timeout: 3_600_000 },
  async () => {
    let contenders = [start(), start(), start()];
    let killed = 1;
    let slowest = 0;
    const acknowledged = new Map<string, string[]>();
    for (let race = 0; race < RACES; race += 1) {
      const count = Math.floor(race / RACES_OF_A_FILE);
      const file = join(folder, `${count}`, "memory.db");
      const texts = acknowledged.get(file) ?? [];
      if (acknowledged.has(file)) {
        rmSync(`${file}-owner.pid`, { force: true });
        REMAINS[race % REMAINS.length]?.(file, killed);
      }
      acknowledged.set(file, texts);
      const racing = contenders.slice(0, race % 3 === 0 ? 3 : 2);
      const told = await Promise.all(racing.map(async (one) => one.ask("open", file)));
      const [owner, ...more] = racing.filter((_, index) => told[index]?.ok);
      if (owner === undefined || more.length > 0)
        throw new Error(`Race ${race} has not one owner: ${JSON.stringify(told)}`);
      slowest = Math.max(slowest, ...told.map(({ took }) => took));
      expect(told.filter(({ ok }) => !ok)).toMatchObject(
        racing.slice(1).map(() => heldBy(owner.pid)),
      );
      expect(await owner.ask("say", `${race}`)).toMatchObject({ ok: true });
      texts.push(`${race}`);
      const late = contenders.filter((one) => one !== owner && race % 5 === 0);
      expect(await Promise.all(late.map(async (one) => one.ask("open", file)))).toMatchObject(
        late.map(() => heldBy(owner.pid)),
      );
      if (race % 2 === 0) {
        await owner.kill();
        killed = owner.pid;
        // the next race begins with the newcomer in another place
        contenders = [...contenders.filter((one) => one !== owner), start()];
      } else mustSucceed(await owner.ask("close"));
    }
    for (const [file, texts] of acknowledged) expect(await said(file)).toEqual(texts);
    expect(slowest).toBeLessThan(MOST_MS);
  },
);

test("a second owner in the same process is told so, and may take over after the first has closed", async () => {
  const engine = await open();
  await expect(openSqliteStore({ path })).rejects.toMatchObject(heldBy(process.pid));
  await engine.close();
  await (await open()).close();
  expect(readdirSync(folder).toSorted()).toEqual(["memory.db", "memory.db-owner"]);
});

test.each<[string, () => string]>([
  [
    "a link to the file",
    () => {
      symlinkSync(path, join(folder, "link.db"));
      return join(folder, "link.db");
    },
  ],
  [
    "a link to its folder",
    () => {
      symlinkSync(folder, join(folder, "elsewhere"));
      return join(folder, "elsewhere", "memory.db");
    },
  ],
  ["a path that goes round", () => join(folder, "elsewhere", "..", "memory.db")],
])("a file that is held cannot be opened by %s either", async (_, lead) => {
  const engine = await open();
  await expect(openSqliteStore({ path: lead() })).rejects.toMatchObject(heldBy(process.pid));
  await engine.close();
});

test("a file that was made through a link is held under its own name", async () => {
  symlinkSync(path, join(folder, "first.db"));
  symlinkSync("first.db", join(folder, "second.db"));
  const engine = await open(join(folder, "second.db"));
  await expect(openSqliteStore({ path })).rejects.toMatchObject(heldBy(process.pid));
  await engine.close();
  expect(existsSync(path)).toBe(true);
});

test("a file with a second name that is no link is refused: each name would have a log of its own", async () => {
  await (await open()).close();
  linkSync(path, join(folder, "other.db"));
  for (const name of [path, join(folder, "other.db")])
    await expect(openSqliteStore({ path: name })).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("hard link"),
    });
  rmSync(join(folder, "other.db"));
  await (await open()).close();
});

describe("under an owner", () => {
  let owner: Contender;
  beforeEach(async () => {
    owner = start();
    mustSucceed(await owner.ask("open", path));
    mustSucceed(await owner.ask("say", "before"));
  });
  const refused: Omit<Told, "took"> = {
    ok: false,
    code: "store_failed",
    message: expect.stringContaining("Start again") as string,
  };

  test("a lock that is removed ends its writing, and the next owner's goes on", async () => {
    rmSync(`${path}-owner`);
    const next = start();
    expect(await next.ask("open", path)).toMatchObject({ ok: true });
    const [old, young] = await Promise.all([owner.ask("say", "old"), next.ask("say", "young")]);
    expect([old, young]).toMatchObject([refused, { ok: true }]);
    expect(await owner.ask("close")).toMatchObject({ ok: true });
    await expect(openSqliteStore({ path })).rejects.toMatchObject(heldBy(next.pid));
    expect(await next.ask("close")).toMatchObject({ ok: true });
    expect(await said()).toEqual(["before", "young"]);
  });

  test("a file that is moved takes no more, and goes on when it is back", async () => {
    renameSync(path, `${path}.away`);
    expect(await owner.ask("say", "away")).toMatchObject(refused);
    expect(await owner.ask("check")).toMatchObject(refused);
    renameSync(`${path}.away`, path);
    expect(await owner.ask("check")).toMatchObject({ ok: true });
    expect(await owner.ask("say", "back")).toMatchObject({ ok: true });
    expect(await owner.ask("close")).toMatchObject({ ok: true });
    expect(await said()).toEqual(["before", "back"]);
  });

  test("a folder that is removed is not made again, and nothing more is acknowledged", async () => {
    rmSync(folder, { recursive: true });
    expect(await owner.ask("say", "gone")).toMatchObject(refused);
    expect(existsSync(folder)).toBe(false);
  });
});

describe("what keeps a file from being opened is told as what it is", () => {
  test.each<[string, () => void, Partial<Told>]>([
    [
      "a file in the place of the folder",
      () => writeFileSync(join(folder, "in"), ""),
      { code: "store_failed", message: "EEXIST" },
    ],
    [
      "a folder in the place of the file",
      () => mkdirSync(join(folder, "in", "memory.db"), { recursive: true }),
      { code: "store_failed", message: "not writable" },
    ],
    [
      "a folder in the place of the lock",
      () => mkdirSync(join(folder, "in", "memory.db-owner"), { recursive: true }),
      { code: "store_failed", message: "not writable" },
    ],
    [
      "another file in the place of the lock",
      () => {
        mkdirSync(join(folder, "in"));
        writeFileSync(join(folder, "in", "memory.db-owner"), "shopping list ".repeat(99));
      },
      { code: "store_failed", message: "Move it away" },
    ],
    [
      "a link that leads to itself",
      () => {
        mkdirSync(join(folder, "in"));
        symlinkSync("memory.db", join(folder, "in", "memory.db"));
      },
      { code: "store_failed", message: "ELOOP" },
    ],
  ])("%s", async (_, prepare, { code, message = "" }) => {
    prepare();
    const place = join(folder, "in", "memory.db");
    await expect(openSqliteStore({ path: place })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  /** Opens the file as a user who may only do what the modes let everyone do. */
  async function openAsAnyone(): Promise<Told> {
    const contender = start();
    if (process.getuid?.() === 0) mustSucceed(await contender.ask("become", `${NOBODY}`));
    return contender.ask("open", path);
  }

  test.each<[string, () => void]>([
    ["a folder that may not be written", () => chmodSync(folder, 0o555)],
    [
      "a file that may not be written",
      () => {
        chmodSync(path, 0o444);
        chmodSync(folder, 0o777);
      },
    ],
    [
      "a lock that may not be written",
      () => {
        chmodSync(path, 0o666);
        chmodSync(`${path}-owner`, 0o444);
        chmodSync(folder, 0o777);
      },
    ],
  ])("%s", async (_, prepare) => {
    await (await open()).close();
    prepare();
    expect(await openAsAnyone()).toMatchObject({
      ok: false,
      code: "store_failed",
      message: expect.stringContaining("this process may write") as string,
    });
  });

  test("a note of another user that may not be written keeps nobody out", async () => {
    writeFileSync(`${path}-owner.pid`, "1\n", { mode: 0o400 });
    chmodSync(folder, 0o777);
    expect(await openAsAnyone()).toMatchObject({ ok: true });
  });

  test("a note that cannot be written keeps nobody out, and others are told without a pid", async () => {
    mkdirSync(`${path}-owner.pid`);
    const engine = await open();
    const told = (await openSqliteStore({ path }).catch((error: unknown) => error)) as Told;
    expect(told).toMatchObject({ code: "store_locked" });
    expect(told.message).toContain("another process. Stop it");
    await engine.close();
  });
});

test("nobody but the owner's user may read the file, its log or its lock", async () => {
  chmodSync(folder, 0o755);
  const engine = await open();
  for (const name of readdirSync(folder))
    expect([name, (statSync(join(folder, name)).mode & 0o077).toString(8)]).toEqual([name, "0"]);
  await engine.close();
});
