import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, openSqliteStore } from "@spectron/engine";
import type { Engine } from "@spectron/engine";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CALLER, KEY } from "./principal.ts";

/** Flipped bytes and cut logs; raise it for a long run. */
const DAMAGES = Number(process.env["SPECTRON_DAMAGES"] ?? 200);

/** What a read of a damaged file may be refused with. */
const REFUSALS: ReadonlySet<string> = new Set([
  "store_corrupt",
  "store_failed",
  "store_newer",
  "store_older",
]);
const READ_AT = Date.UTC(2030, 0, 1);

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-damage-"));
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

async function say(engine: Engine, user: string, text: string): Promise<string> {
  const outcome = await engine.remember({
    caller: CALLER,
    scopes: [[`org/acme/user/${user}`]],
    messages: [
      { role: "user", content: text, parts: { text } },
      { role: "assistant", content: `Noted: ${text}` },
    ],
    infer: "full",
    triples: [],
    diff: "none",
    labels: [],
    answer: { kind: "batch" },
  });
  return (outcome.body as { sessionId: string }).sessionId;
}

async function words(engine: Engine, id: string): Promise<string[]> {
  const { turns } = await engine.read("listTurns", { caller: CALLER, id, limit: 500 });
  return turns.map(({ content }) => content);
}

const USERS = ["ana", "rui", "eva"];
const CITIES = ["Braga", "Porto", "Faro"];

/** A file of some conversations of several people, and the ids of their sessions. */
async function write(): Promise<string[]> {
  const engine = await open();
  const ids: string[] = [];
  for (let count = 0; count < 30; count += 1)
    ids.push(
      await say(
        engine,
        USERS[count % USERS.length] ?? "",
        `I live in ${CITIES[(count % 7) % 3]}. My friend number ${count} is called Ana${count}.`,
      ),
    );
  await engine.close();
  return ids;
}

/** Everything that is read of a file, by what was asked: an answer as JSON, or the code of the refusal. */
async function readAll(file: string, ids: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const put = async (asked: string, read: () => Promise<unknown>): Promise<void> => {
    const answer = await read().then(JSON.stringify, codeOf);
    found.set(asked, answer);
  };
  let engine: Engine;
  try {
    engine = createEngine({ store: await openSqliteStore({ path: file }), now: () => READ_AT });
  } catch (error) {
    return new Map([["open", codeOf(error)]]);
  }
  for (const id of ids) await put(`turns of ${id}`, async () => words(engine, id));
  for (const user of USERS) {
    const clamp = { patterns: ["/*"], lens: [[`org/acme/user/${user}`]] };
    const about = { caller: CALLER, clamp, at: engine.now(), limit: 100 };
    await put(`state of ${user}`, async () =>
      engine.read("readState", { ...about, corrections: true }),
    );
    await put(`profile of ${user}`, async () => engine.read("readProfile", about));
    await put(`entities of ${user}`, async () => engine.read("listEntities", about));
    await put(`sessions of ${user}`, async () => engine.read("listSessions", about));
    await put(`recall of ${user}`, async () => {
      const query = "Where do I live, and what is friend number 7 called?";
      const { hits } = await engine.read("recall", {
        ...about,
        query,
        k: 10,
        facts: true,
        passages: true,
      });
      return hits;
    });
  }
  await engine.close();
  return found;
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? "untyped";
}

test("answers exactly or refuses, wherever a byte is flipped", { timeout: 3_600_000 }, async () => {
  const ids = await write();
  const exact = await readAll(path, ids);
  const bytes = readFileSync(path);
  const wrong: string[] = [];
  let refused = 0;
  for (let round = 0; round < DAMAGES; round += 1) {
    const file = join(folder, `flipped-${round}.db`);
    const offset = Math.floor((bytes.length * (round + 0.5)) / DAMAGES);
    const flipped = Buffer.from(bytes);
    flipped[offset] = (bytes[offset] ?? 0) ^ (1 << (round % 8));
    writeFileSync(file, flipped);
    for (const [asked, answer] of await readAll(file, ids))
      if (REFUSALS.has(answer)) refused += 1;
      else if (answer !== exact.get(asked))
        wrong.push(`${asked}, byte ${offset}: ${answer.slice(0, 200)}`);
    for (const suffix of ["", "-wal", "-shm", "-owner"])
      await rm(`${file}${suffix}`, { force: true });
  }
  expect(wrong).toEqual([]);
  expect(refused).toBeGreaterThan(0);
});

test(
  "opens to an exact prefix of what was written, wherever its log is cut",
  { timeout: 3_600_000 },
  async () => {
    const engine = await open();
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1)
      ids.push(await say(engine, "ana", `number ${count}`));
    // copied while the log holds what is not yet in the file
    copyFileSync(path, join(folder, "cut.db"));
    copyFileSync(`${path}-wal`, join(folder, "cut.db-wal"));
    await engine.close();
    const { size } = statSync(join(folder, "cut.db-wal"));
    for (let round = 0; round < DAMAGES; round += 1) {
      const file = join(folder, `cut-${round}.db`);
      copyFileSync(join(folder, "cut.db"), file);
      copyFileSync(join(folder, "cut.db-wal"), `${file}-wal`);
      truncateSync(`${file}-wal`, Math.floor((size * (round + 0.37)) / DAMAGES));
      const again = await open(file);
      const found: boolean[] = [];
      for (const id of ids)
        found.push(
          await words(again, id).then(
            (read) => read.length === 2,
            () => false,
          ),
        );
      const count = found.indexOf(false) === -1 ? ids.length : found.indexOf(false);
      expect(found).toEqual(ids.map((_, index) => index < count));
      expect(await again.verify()).toMatchObject({ ok: true });
      await again.close();
      await rm(file);
    }
  },
);
