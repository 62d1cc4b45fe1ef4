import { backUpSqliteFile, restoreSqliteFile, verifySqliteFile } from "@spectron/engine";
import type { VerifyReport } from "@spectron/engine";
import { databaseFile, openStore } from "./open-store.ts";
import type { StorePlace } from "./open-store.ts";

/** Reads a whole memory, in use or not, and tells what is wrong with it. */
export async function verify(place: StorePlace): Promise<VerifyReport> {
  if (place.path !== undefined) return verifySqliteFile(databaseFile(place.path));
  const store = await openStore(place);
  try {
    return await store.verify();
  } finally {
    await store.close();
  }
}

/** Copies a memory file, in use or not, to a new file. */
export async function backup(path: string, target: string): Promise<void> {
  await backUpSqliteFile(databaseFile(path), target);
}

/**
 * Puts a backup where no server runs.
 *
 * @throws EngineError `store_locked` while a server runs there, `store_corrupt` for a backup that is not whole.
 */
export async function restore(
  source: string,
  path: string,
  options: { replace?: boolean | undefined } = {},
): Promise<void> {
  await restoreSqliteFile(source, databaseFile(path), options);
}
