import { DatabaseSync } from "node:sqlite";
import { commands } from "../src/commands/index.ts";
import { RolledBack } from "../src/commands/rolled-back.ts";
import { createKeep } from "../src/recall/keep.ts";
import { queries } from "../src/queries/index.ts";
import { createReader } from "../src/stores/sqlite/reader.ts";
import { MIGRATIONS } from "../src/stores/sqlite/schema.ts";
import { createStatements } from "../src/stores/sqlite/statements.ts";
import { createWriter } from "../src/stores/sqlite/writer.ts";
import { verifyDatabase } from "../src/stores/sqlite/verify.ts";
import type { Store } from "../src/stores/store.ts";

/** The SQLite store without file, threads and syncs: for properties that run thousands of programs. */
export function createInMemoryStore(): Store {
  const database = new DatabaseSync(":memory:");
  for (const sql of MIGRATIONS) database.exec(sql);
  const db = createStatements(database);
  const writer = createWriter(db);
  const reader = { ...createReader(db), keep: createKeep() };
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
  return {
    newest: 0,
    write: async (name, input) =>
      inOrder(async () => {
        db.run("BEGIN");
        try {
          const run = commands[name] as (view: typeof writer, value: unknown) => Promise<unknown>;
          const value = await run(writer, input);
          db.run("COMMIT");
          return value as never;
        } catch (error) {
          db.run("ROLLBACK");
          if (error instanceof RolledBack) return error.value as never;
          throw error;
        }
      }),
    read: async (name, input) =>
      inOrder(async () => {
        const run = queries[name] as (view: typeof reader, value: unknown) => Promise<unknown>;
        return (await run(reader, input)) as never;
      }),
    check: async () => undefined,
    verify: async () => inOrder(async () => verifyDatabase(db)),
    async backup() {
      throw new Error("A store in memory has no file to copy.");
    },
    async close() {
      database.close();
    },
  };
}
