import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { createEngine, openSqliteStore } from "@spectron/engine";
import type { Engine, KeyRecord } from "@spectron/engine";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-store-"));
  path = join(folder, "memory.db");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const key: KeyRecord = {
  context: "dev",
  principal: "p",
  name: "k",
  hash: "none",
  displayName: "p",
  principalKind: "service",
  grants: {},
  keyGrants: null,
  expiresAt: null,
};
const caller = {
  context: "dev",
  principal: "p",
  read: ["/*"],
  write: ["/*"],
  forget: [],
  manage: [],
};

async function open(): Promise<Engine> {
  const engine = createEngine({ store: await openSqliteStore({ path }) });
  await engine.bootstrap(key);
  return engine;
}

test(
  "a process killed while it writes loses nothing acknowledged and tears nothing",
  { timeout: 120_000 },
  async () => {
    await (await open()).close();
    const acknowledged: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      const child = fork(fileURLToPath(new URL("writer-process.ts", import.meta.url)), [path], {
        execPath: process.execPath,
        execArgv: ["--conditions=@spectron/source", "--no-warnings"],
      });
      const wanted = acknowledged.length + 3 + round;
      child.on("message", (id: unknown) => {
        acknowledged.push(String(id));
        if (acknowledged.length >= wanted) child.kill("SIGKILL");
      });
      await once(child, "exit");
    }
    const engine = await open();
    for (const id of acknowledged) {
      const { turns } = await engine.read("listTurns", {
        caller,
        id,
        offset: 0,
        limit: 10,
        count: false,
      });
      expect(turns.map((turn) => turn.seq)).toEqual([1, 2]);
    }
    await engine.close();
    const database = new DatabaseSync(path);
    expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    const torn = database
      .prepare(
        "SELECT count(*) AS n FROM session WHERE last_seq <> (SELECT count(*) FROM turn WHERE turn.key >> 22 = session.key)",
      )
      .get();
    expect(torn).toEqual({ n: 0 });
    database.close();
  },
);

test("a second owner is told who holds the file, and may take over after it is closed", async () => {
  const engine = await open();
  await expect(openSqliteStore({ path })).rejects.toMatchObject({
    code: "store_locked",
    message: expect.stringContaining(`pid ${process.pid}`),
  });
  await engine.close();
  await (await open()).close();
});

test("a file of a newer version is refused and left as it is", async () => {
  await (await open()).close();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 999");
  database.close();
  await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "store_newer" });
});

test("concurrent writers of one session get positions without gaps", async () => {
  const engine = await open();
  const created = await engine.createSession({ caller, scopes: [["u/a"]], metadata: {} });
  const { id } = created.body as { id: string };
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) =>
      engine.remember({
        caller,
        sessionId: id,
        messages: [
          { role: "user", content: `${index} a` },
          { role: "user", content: `${index} b` },
        ],
        infer: "none",
        triples: [],
        diff: "none",
        labels: [],
        answer: { kind: "batch" },
      }),
    ),
  );
  const { turns } = await engine.read("listTurns", {
    caller,
    id,
    offset: 0,
    limit: 500,
    count: false,
  });
  expect(turns.map((turn) => turn.seq)).toEqual(
    Array.from({ length: 80 }, (_, index) => index + 1),
  );
  for (let index = 0; index < turns.length; index += 2)
    expect(turns[index]?.content.replace("a", "b")).toBe(turns[index + 1]?.content);
  await engine.close();
});
