import { fork } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createEngine, openPostgresStore } from "@spectron/engine";
import { startTestPostgres } from "@spectron/testing";
import type { TestPostgres } from "@spectron/testing";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { MIGRATIONS } from "../src/stores/postgres/schema.ts";
import { bundleProcesses } from "./bundle-processes.ts";
import { runProgram, seen } from "./fault-program.ts";

const OLD_VERSIONS = MIGRATIONS.slice(1).map((_, index) => index + 1);

let server: TestPostgres;
let client: Client;
let processes: Awaited<ReturnType<typeof bundleProcesses>>;
let expected: unknown;
let schema: string;
let count = 0;
beforeAll(async () => {
  [server, processes] = await Promise.all([
    startTestPostgres(),
    bundleProcesses("migrating-process"),
  ]);
  client = new Client({ connectionString: server.url });
  await client.connect();
  const store = await openPostgresStore({ url: server.url, schema: "source" });
  const engine = createEngine({ store });
  await runProgram(engine, store, () => undefined);
  expected = await seen(engine);
  await engine.close();
});
afterAll(async () => {
  await client.end();
  await server.stop();
  await rm(processes.folder, { recursive: true, force: true });
});
beforeEach(() => {
  count += 1;
  schema = `migrated_${count}`;
});

async function ask(sql: string): Promise<Record<string, unknown>[]> {
  return (await client.query<Record<string, unknown>>(sql)).rows;
}

async function tablesOf(name: string): Promise<string[]> {
  const rows = await ask(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = '${name}' ORDER BY 1`,
  );
  return rows.map((row) => String(row["table_name"]));
}

async function rowsOf(name: string): Promise<Record<string, unknown[]>> {
  const rows: Record<string, unknown[]> = {};
  for (const table of await tablesOf(name))
    rows[table] = await ask(`SELECT to_jsonb(one) AS row FROM ${name}.${table} AS one ORDER BY 1`);
  return rows;
}

/** Makes a schema of an older version by its own migrations, with what one of this version holds. */
async function makeOld(version: number): Promise<void> {
  await client.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}`);
  for (const sql of MIGRATIONS.slice(0, version)) await client.query(sql);
  for (const table of await tablesOf(schema)) {
    const columns = await ask(
      `SELECT column_name, is_identity FROM information_schema.columns
       WHERE table_schema = '${schema}' AND table_name = '${table}' AND is_generated = 'NEVER'`,
    );
    const names = columns.map((column) => `"${String(column["column_name"])}"`).join();
    await client.query(
      `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE SELECT ${names} FROM source.${table}`,
    );
    for (const { column_name: column } of columns.filter((one) => one["is_identity"] === "YES"))
      await client.query(
        `SELECT setval(pg_get_serial_sequence('${table}', '${String(column)}'),
           (SELECT coalesce(max(${String(column)}), 0) + 1 FROM ${table}), false)`,
      );
  }
  // what traces were like before their reasons lay by column
  await client.query(
    `INSERT INTO trace (context, id, kind, principal, at, data)
     SELECT context, 'old', 'retrieval', principal, created_at, '{}' FROM session LIMIT 1;
     CREATE TABLE schema_version (version integer NOT NULL);
     INSERT INTO schema_version VALUES (${version}); SET search_path = DEFAULT`,
  );
}

async function open(): Promise<void> {
  await (await openPostgresStore({ url: server.url, schema })).close();
}

/** Starts so many processes that open the schema; settles with how each ended. */
function startProcesses(wanted: number) {
  const children = Array.from({ length: wanted }, () =>
    fork(processes.file("migrating-process"), [server.url, schema], {
      execPath: process.execPath,
      execArgv: [],
      env: { ...process.env, ...processes.env },
    }),
  );
  return { children, ended: Promise.all(children.map(async (child) => once(child, "exit"))) };
}

/** Settles when so many connections wait for a lock. */
async function untilWaiting(wanted: number): Promise<void> {
  for (;;) {
    const [row] = await ask(`SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted`);
    if (row?.["n"] === wanted) return;
  }
}

test.each(OLD_VERSIONS)(
  "a database of schema version %i opens with exactly what it held, and opening it again changes nothing",
  async (version) => {
    await makeOld(version);
    await open();
    const rows = await rowsOf(schema);
    expect(rows).toEqual(await rowsOf("source"));
    await open();
    expect(await rowsOf(schema)).toEqual(rows);
    const store = await openPostgresStore({ url: server.url, schema });
    const engine = createEngine({ store });
    expect(await engine.verify()).toMatchObject({ ok: true, problems: [] });
    expect(await seen(engine)).toEqual(expected);
    // all of it was done already, but for the session that is made and erased each time
    await runProgram(engine, store, () => undefined);
    expect(await engine.verify()).toMatchObject({ ok: true, problems: [] });
    expect(await seen(engine)).toEqual(expected);
    await engine.close();
  },
);

test.each([0, ...OLD_VERSIONS])(
  "processes that find schema version %i at the same time migrate it once",
  async (version) => {
    if (version > 0) await makeOld(version);
    // all of them are held up at the door, so that they meet
    await client.query("SELECT pg_advisory_lock($1, hashtext($2))", [0x73706374, schema]);
    const { ended } = startProcesses(3);
    await untilWaiting(3);
    await client.query("SELECT pg_advisory_unlock_all()");
    expect(await ended).toEqual([
      [0, null],
      [0, null],
      [0, null],
    ]);
    expect(await ask(`SELECT version FROM ${schema}.schema_version`)).toEqual([
      { version: MIGRATIONS.length },
    ]);
    expect(await tablesOf(schema)).toEqual(await tablesOf("source"));
  },
);

test("a process that is killed while it migrates leaves the old version whole, and the next one migrates it", async () => {
  await makeOld(1);
  const before = await rowsOf(schema);
  await client.query(`BEGIN; LOCK TABLE ${schema}.trace IN SHARE MODE`);
  const { children, ended } = startProcesses(1);
  await untilWaiting(1);
  children[0]?.kill("SIGKILL");
  await ended;
  await client.query("ROLLBACK");
  expect(await rowsOf(schema)).toEqual(before);
  await open();
  expect(await rowsOf(schema)).toEqual(await rowsOf("source"));
});
