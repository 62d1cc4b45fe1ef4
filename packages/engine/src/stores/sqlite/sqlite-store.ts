import { resolve } from "node:path";
import type { Store, VerifyReport } from "../store.ts";
import { openChannel, openReads } from "../threads.ts";
import { requireSqlite } from "./require-sqlite.ts";

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
 * @throws EngineError `store_locked` when another process owns the file, `store_newer` when a newer version wrote it,
 * `node_too_old` on a Node without SQLite.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  requireSqlite();
  const path = resolve(options.path);
  const writer = await openChannel({ path, mode: "sqlite-write", faults: options.faults });
  const { reads, newest } = await openReads({ path, mode: "sqlite-read" }).catch(
    async (error: unknown) => {
      await writer.close();
      throw error;
    },
  );
  return {
    newest,
    write: (name, input) => writer.call(name, input) as never,
    read: (name, input) => reads.call(name, input) as never,
    check: async () => {
      await writer.call("check", null);
    },
    verify: () => reads.call("verify", null) as Promise<VerifyReport>,
    backup: async (target) => {
      await reads.call("backup", resolve(target));
    },
    async close() {
      await reads.close();
      await writer.close();
    },
  };
}
