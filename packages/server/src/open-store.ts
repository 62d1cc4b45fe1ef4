import { join } from "node:path";
import { EngineError, openPostgresStore, openSqliteStore } from "@spectron/engine";
import type { Store } from "@spectron/engine";

/** Where memory is kept: one file of one process, or a PostgreSQL database that many share. */
export interface StorePlace {
  /** The database file, such as `./memory.db`; a folder gets a `memory.db` inside. */
  path?: string | undefined;
  /** URL of a PostgreSQL database, such as `postgres://user@host:5432/memory`. */
  database?: string | undefined;
}

export async function openStore({ path, database }: StorePlace): Promise<Store> {
  if ((path === undefined) === (database === undefined)) throw noPlace();
  if (path === ":memory:" || path === "")
    throw new EngineError(
      "validation_failed",
      "Memory is kept in a file. For a test, name one in a temporary folder.",
    );
  if (path !== undefined) return openSqliteStore({ path: databaseFile(path) });
  if (database === undefined || !/^postgres(ql)?:\/\//.test(database))
    throw new EngineError("validation_failed", "A database is named by a postgres:// URL.");
  return openPostgresStore({ url: database });
}

/** What callers get that name no place, or two. */
export function noPlace(): EngineError {
  return new EngineError(
    "validation_failed",
    'Say where memory is kept, in a file (path: "./memory.db") or in PostgreSQL (database: "postgres://…"), and only one of them.',
  );
}

/** The file itself, or the one in the folder. */
export function databaseFile(path: string): string {
  return /\.\w+$/.test(path) ? path : join(path, "memory.db");
}
