import type { PoolClient } from "pg";
import { EngineError } from "../../model/errors.ts";
import { MIGRATIONS } from "./schema.ts";

/** Any constant: one process migrates at a time. */
const MIGRATION_LOCK = 0x73706374;

/** Brings the schema up to this version, one process at a time; run again it changes nothing. */
export async function migrate(client: PoolClient, schema: string): Promise<void> {
  const ask = async (sql: string): Promise<string> =>
    String(Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0]);
  const encoding = await ask("SHOW server_encoding");
  if (encoding !== "UTF8")
    throw new EngineError(
      "store_failed",
      `The database has the encoding ${encoding}. Create one with the encoding UTF8.`,
    );
  if (Number(await ask("SHOW server_version_num")) < 150_000)
    throw new EngineError("store_failed", "The database server must be PostgreSQL 15 or later.");
  await client.query("BEGIN");
  await client.query("SELECT pg_advisory_xact_lock($1, hashtext($2))", [MIGRATION_LOCK, schema]);
  if ((await ask(`SELECT to_regclass('${schema}.schema_version') IS NULL`)) === "true") {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await client.query(`CREATE TABLE ${schema}.schema_version (version integer NOT NULL)`);
    await client.query(`INSERT INTO ${schema}.schema_version VALUES (0)`);
  }
  const version = Number(await ask(`SELECT version FROM ${schema}.schema_version`));
  if (version > MIGRATIONS.length)
    throw new EngineError(
      "store_newer",
      `The database was written by a newer version (schema ${version}, this version knows ${MIGRATIONS.length}). Upgrade @spectron/engine.`,
    );
  for (const sql of MIGRATIONS.slice(version)) await client.query(sql);
  if (version < MIGRATIONS.length)
    await client.query(`UPDATE ${schema}.schema_version SET version = ${MIGRATIONS.length}`);
  await client.query("COMMIT");
}
