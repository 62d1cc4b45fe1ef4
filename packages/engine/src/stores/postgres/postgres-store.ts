import { commands } from "../../commands/index.ts";
import { EngineError } from "../../model/errors.ts";
import type { Instant } from "../../model/records.ts";
import type { Store, VerifyReport, Writer } from "../store.ts";
import { openReads } from "../threads.ts";
import type { Channel } from "../threads.ts";
import { inTransaction, openPool, schemaOf, withClient } from "./clients.ts";
import type { PostgresStoreOptions } from "./postgres-store-options.ts";
import { createConnection, createPrepare } from "./connection.ts";
import { isConflict, toEngineError } from "./failures.ts";
import { migrate } from "./migrate.ts";
import { createWriter } from "./writer.ts";

/** Tries of a command that met another one; each later one waits a little longer. */
const MOST_TRIES = 8;

/**
 * Opens a store on a PostgreSQL database that any number of processes share. Reads run in a thread: ranking would hold up
 * the caller's event loop.
 *
 * @throws EngineError `store_unavailable` when the server cannot be reached, `store_newer` when a newer version wrote it.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const schema = schemaOf(options);
  const writers = openPool(options);
  // its own, so that a store whose connections are all at work is not taken for one that is away
  const checks = openPool({ ...options, connections: 1 });
  const prepare = createPrepare();
  const running = new Set<Promise<unknown>>();
  let closed = false;

  let reads: Channel;
  let newest: Instant;
  try {
    await withClient(writers, async (client) => migrate(client, schema));
    ({ reads, newest } = await openReads({ mode: "postgres-read", options }));
  } catch (error) {
    await writers.end();
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

  return {
    newest,
    write: async (name, input) =>
      run(async () => {
        const handler = commands[name] as (view: Writer, input: unknown) => unknown;
        return retrying(async () =>
          withClient(writers, async (client) =>
            inTransaction(client, "BEGIN ISOLATION LEVEL READ COMMITTED", async () =>
              handler(createWriter(createConnection(client, prepare)), input),
            ),
          ),
        );
      }) as never,
    read: async (name, input) => run(async () => reads.call(name, input)) as never,
    check: async () =>
      run(async () => {
        await checks.query("SELECT 1");
      }),
    verify: async () => run(async () => reads.call("verify", null)) as Promise<VerifyReport>,
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
      await Promise.all([writers.end(), checks.end(), reads.close()]);
    },
  };
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
