import { Pool, types } from "pg";
import type { PoolClient, PoolConfig } from "pg";
import { commands } from "../../commands/index.ts";
import { RolledBack } from "../../commands/rolled-back.ts";
import { EngineError } from "../../model/errors.ts";
import { queries } from "../../queries/index.ts";
import { createKeep } from "../../recall/keep.ts";
import type { Reader, Store, Writer } from "../store.ts";
import { createConnection, createPrepare } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { isConflict, toEngineError } from "./failures.ts";
import { migrate } from "./migrate.ts";
import { createReader } from "./reader.ts";
import { verifyDatabase } from "./verify.ts";
import { createWriter } from "./writer.ts";

export interface PostgresStoreOptions {
  /** Such as `postgres://user@host:5432/memory`. */
  url: string;
  /** Schema that holds the tables; made if it is missing. @default "spectron" */
  schema?: string | undefined;
  /** Most connections for writes, and as many again for reads. @default 8 */
  connections?: number | undefined;
  /** Longest time of one statement, waiting for locks included, in milliseconds. @default 15_000 */
  statementTimeout?: number | undefined;
}

type Handler<View> = (view: View, input: unknown) => unknown;

/** How the server names its type of 64-bit integers. */
const INT8: number = types.builtins.INT8;
/** Tries of a command that met another one; each later one waits a little longer. */
const MOST_TRIES = 8;
/** Longest wait for a free or new connection. */
const CONNECT_MS = 10_000;

/**
 * Opens a store on a PostgreSQL database that any number of processes share.
 *
 * @throws EngineError `store_unavailable` when the server cannot be reached, `store_newer` when a newer version wrote it.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const schema = options.schema ?? "spectron";
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new EngineError("validation_failed", "A schema is named by a-z, 0-9 and _.");
  const config: PoolConfig = {
    connectionString: options.url,
    max: options.connections ?? 8,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: "spectron",
    // an acknowledgement must follow the sync, whatever the server's default is
    options: `-c search_path=${schema} -c synchronous_commit=on -c statement_timeout=${options.statementTimeout ?? 15_000} -c idle_in_transaction_session_timeout=60000`,
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        // every stored integer is a safe one
        oid === INT8 ? Number : (types.getTypeParser(oid, format) as (text: string) => unknown),
    } as unknown as PoolConfig["types"],
  };
  const writers = openPool(config);
  const readers = openPool(config);
  const prepare = createPrepare();
  const keep = createKeep();
  const running = new Set<Promise<unknown>>();
  let closed = false;

  const end = async (): Promise<void> => {
    await Promise.all([writers.end(), readers.end()]);
  };
  try {
    await withClient(writers, async (client) => migrate(client, schema));
  } catch (error) {
    await end();
    throw toEngineError(error);
  }

  /** Counts what is under way, so that closing waits for it, and gives errors their names. */
  const run = async <Value>(task: () => Promise<Value>): Promise<Value> => {
    if (closed) throw new EngineError("store_failed", "The store is closed.");
    const work = task();
    running.add(work);
    try {
      return await work;
    } catch (error) {
      throw toEngineError(error);
    } finally {
      running.delete(work);
    }
  };

  const connect = (client: PoolClient): Connection => createConnection(client, prepare);

  return {
    write: async (name, input) =>
      run(async () => {
        const handler = commands[name] as Handler<Writer>;
        return retrying(async () =>
          withClient(writers, async (client) =>
            inTransaction(client, "BEGIN ISOLATION LEVEL READ COMMITTED", async () =>
              handler(createWriter(connect(client)), input),
            ),
          ),
        );
      }) as never,
    read: async (name, input) =>
      run(async () => {
        const handler = queries[name] as Handler<Reader>;
        return withClient(readers, async (client) =>
          inTransaction(client, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", async () =>
            handler({ ...createReader(connect(client)), keep }, input),
          ),
        );
      }) as never,
    verify: async () =>
      run(async () =>
        withClient(readers, async (client) =>
          inTransaction(client, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", async () => {
            // it reads every row, which takes what it takes
            await client.query("SET LOCAL statement_timeout = 0");
            return verifyDatabase(connect(client));
          }),
        ),
      ),
    backup: async () => {
      throw new EngineError(
        "not_implemented",
        "A PostgreSQL database is backed up by its own tools, such as pg_dump.",
      );
    },
    async close() {
      if (closed) return;
      closed = true;
      await Promise.allSettled(running);
      await end();
    },
  };
}

function openPool(config: PoolConfig): Pool {
  const pool = new Pool(config);
  // the next query on a lost connection tells; without a listener the event would end the process
  pool.on("error", () => undefined);
  return pool;
}

async function withClient<Value>(
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

async function inTransaction<Value>(
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

/** Runs a command again that lost against another one; it is a function of its input, so again is the same as later. */
async function retrying<Value>(task: () => Promise<Value>): Promise<Value> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await task();
    } catch (error) {
      if (tries >= MOST_TRIES || !isConflict(error)) throw error;
      const pause = 2 ** tries * (1 + Math.random());
      await new Promise((resolve) => {
        setTimeout(resolve, pause);
      });
    }
  }
}
