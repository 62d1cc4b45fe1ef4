import { Pool, types } from "pg";
import type { PoolClient, PoolConfig } from "pg";
import { RolledBack } from "../../commands/rolled-back.ts";
import { EngineError } from "../../model/errors.ts";
import type { PostgresStoreOptions } from "./postgres-store-options.ts";

/** How the server names its type of 64-bit integers. */
const INT8: number = types.builtins.INT8;
/** Longest wait for a free or new connection. */
const CONNECT_MS = 10_000;

/** The schema that the options name. */
export function schemaOf(options: PostgresStoreOptions): string {
  const schema = options.schema ?? "spectron";
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new EngineError("validation_failed", "A schema is named by a-z, 0-9 and _.");
  return schema;
}

export function openPool(options: PostgresStoreOptions): Pool {
  const config: PoolConfig = {
    connectionString: options.url,
    max: options.connections ?? 8,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: "spectron",
    // an acknowledgement must follow the sync, whatever the server's default is
    options: `-c search_path=${schemaOf(options)} -c synchronous_commit=on -c statement_timeout=${options.statementTimeout ?? 15_000} -c idle_in_transaction_session_timeout=60000`,
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        // every stored integer is a safe one
        oid === INT8 ? Number : (types.getTypeParser(oid, format) as (text: string) => unknown),
    } as unknown as PoolConfig["types"],
  };
  const pool = new Pool(config);
  // the next query on a lost connection tells; without a listener the event would end the process
  pool.on("error", () => undefined);
  return pool;
}

export async function withClient<Value>(
  pool: Pool,
  task: (client: PoolClient) => Promise<Value>,
): Promise<Value> {
  const client = await pool.connect();
  let lost = false;
  const lose = (): void => {
    lost = true;
  };
  client.on("error", lose);
  try {
    return await task(client);
  } catch (error) {
    // a connection on which a transaction may still be open is not used again
    lost ||= !(await client.query("ROLLBACK").then(
      () => true,
      () => false,
    ));
    throw error;
  } finally {
    client.off("error", lose);
    client.release(lost);
  }
}

export async function inTransaction<Value>(
  client: PoolClient,
  begin: string,
  task: () => Promise<Value>,
): Promise<Value> {
  await client.query(begin);
  let value: Value;
  try {
    value = await task();
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
    await client.query("ROLLBACK");
    return error.value as Value;
  }
  await client.query("COMMIT");
  return value;
}
