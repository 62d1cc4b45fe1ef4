import { resolve } from "node:path";
import type { Instant } from "../../model/records.ts";
import type { Store, VerifyReport } from "../store.ts";
import { openChannel } from "../threads.ts";
import type { Channel } from "../threads.ts";

export interface SqliteStoreOptions {
  /** Path of the database file; missing folders are made. */
  path: string;
  /**
   * For tests: URL of a module whose `fault(step, database)` is called before every step of a write.
   *
   * @internal
   */
  faults?: string | undefined;
}

/**
 * Opens a durable store on one SQLite file. Writes run in one thread, reads in another, so the caller's event loop never
 * waits for a disk.
 *
 * @throws EngineError `store_locked` when another process owns the file, `store_newer` when a newer version wrote it.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const path = resolve(options.path);
  const writer = await openChannel({ path, mode: "sqlite-write", faults: options.faults });
  let reader: Channel;
  let newest: Instant;
  try {
    reader = await openChannel({ path, mode: "sqlite-read" });
    newest = (await reader.call("newestInstant", null)) as Instant;
  } catch (error) {
    await writer.close();
    throw error;
  }
  return {
    newest,
    write: (name, input) => writer.call(name, input) as never,
    read: (name, input) => reader.call(name, input) as never,
    verify: () => reader.call("verify", null) as Promise<VerifyReport>,
    backup: async (target) => {
      await reader.call("backup", resolve(target));
    },
    async close() {
      await reader.close();
      await writer.close();
    },
  };
}
