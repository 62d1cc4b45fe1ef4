import { createEngine, openPostgresStore } from "@spectron/engine";
import type { Engine } from "@spectron/engine";
import { mountSmallDisk, startTestPostgres } from "@spectron/testing";
import type { SmallDisk, TestPostgres } from "@spectron/testing";
import { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NOTHING_WRONG, readBatches, storeBatch } from "./keyed-batches.ts";
import { toEngineError } from "../src/stores/postgres/failures.ts";
import { KEY } from "./principal.ts";

/** Beside what an empty server takes. */
const MEGABYTES = 48;
const WRITERS = ["a", "b", "c"];

let disk: SmallDisk | string;
let server: TestPostgres;
let engine: Engine;
beforeAll(async () => {
  disk = mountSmallDisk(MEGABYTES);
  server = await startTestPostgres({ tables: typeof disk === "string" ? undefined : disk.folder });
  engine = createEngine({ store: await openPostgresStore({ url: server.url, connections: 4 }) });
  await engine.bootstrap(KEY);
});
afterAll(async () => {
  await engine.close();
  await server.stop();
  if (typeof disk !== "string") disk.remove();
});

/** Stores batches of three writers until one is refused; answers with the keys of both kinds and the codes. */
async function storeUntilRefused(
  name: string,
): Promise<{ stored: string[]; refused: string[]; codes: string[] }> {
  const stored: string[] = [];
  const refused: string[] = [];
  const codes: string[] = [];
  for (let count = 0; refused.length === 0; count += 1) {
    const keys = WRITERS.map((writer) => `${name}.${count}.${writer}`);
    await Promise.all(
      keys.map(async (key) =>
        storeBatch(engine, key, 50_000).then(
          () => stored.push(key),
          (error: unknown) => {
            refused.push(key);
            codes.push((error as { code: string }).code);
          },
        ),
      ),
    );
  }
  return { stored, refused, codes };
}

test("a database whose disk is full refuses writes, reads on, and takes them again when there is room", async (ctx) => {
  if (typeof disk === "string") return ctx.skip(disk);
  disk.fill(500_000);
  const { stored, refused, codes } = await storeUntilRefused("full");
  expect(new Set(codes)).toEqual(new Set(["storage_full"]));
  expect(await readBatches(engine, stored)).toMatchObject(NOTHING_WRONG);
  await engine.check();
  disk.makeRoom();
  for (const key of refused) {
    expect(await storeBatch(engine, key, 50_000)).toEqual({ replayed: false });
    expect(await storeBatch(engine, key, 50_000)).toEqual({ replayed: true });
  }
  expect(await readBatches(engine, [...stored, ...refused])).toMatchObject(NOTHING_WRONG);
  expect(await engine.verify()).toMatchObject({ ok: true });
});

test("a database that goes away is told as such, and used again when it is back", async () => {
  await storeBatch(engine, "before");
  const work = storeUntilRefused("away");
  await server.halt();
  const { stored, refused, codes } = await work;
  expect(new Set(codes)).toEqual(new Set(["store_unavailable"]));
  await expect(engine.check()).rejects.toMatchObject({ code: "store_unavailable" });
  await expect(readBatches(engine, [])).rejects.toMatchObject({ code: "store_unavailable" });
  await server.resume();
  await engine.check();
  for (const key of refused) await storeBatch(engine, key, 50_000);
  expect(await readBatches(engine, ["before", ...stored, ...refused])).toMatchObject(NOTHING_WRONG);
  expect(await engine.verify()).toMatchObject({ ok: true });
});

test("a wait for a connection that takes too long is told apart from a database that is away", async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 });
  const client = await pool.connect();
  pool.options.connectionTimeoutMillis = 20;
  const error: unknown = await pool.connect().catch((thrown: unknown) => thrown);
  expect(toEngineError(error)).toMatchObject({
    code: "store_unavailable",
    message: expect.stringContaining("busy"),
  });
  client.release();
  await pool.end();
});
