import { queries } from "../../queries/index.ts";
import { createKeep } from "../../recall/keep.ts";
import type { Reader } from "../store.ts";
import type { Answer, Opened } from "../worker.ts";
import { inTransaction, openPool, withClient } from "./clients.ts";
import type { PostgresStoreOptions } from "./postgres-store-options.ts";
import { createConnection, createPrepare } from "./connection.ts";
import { toEngineError } from "./failures.ts";
import { createReader } from "./reader.ts";
import { verifyDatabase } from "./verify.ts";

/** Answers reads over connections of its own, as many at a time as there are. */
export function openReads(options: PostgresStoreOptions, answer: Answer): Opened {
  const pool = openPool(options);
  const prepare = createPrepare();
  const keep = createKeep();
  const running = new Set<Promise<void>>();

  const run = async (name: string, input: unknown): Promise<unknown> =>
    withClient(pool, async (client) =>
      inTransaction(client, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", async () => {
        const db = createConnection(client, prepare);
        if (name === "verify") {
          // it reads every row, which takes what it takes
          await client.query("SET LOCAL statement_timeout = 0");
          return verifyDatabase(db);
        }
        const query = queries[name as keyof typeof queries] as (
          view: Reader,
          input: unknown,
        ) => unknown;
        return query({ ...createReader(db), keep }, input);
      }),
    );

  return {
    take(request) {
      const work = run(request.name, request.input)
        .then(
          (value) => {
            answer(request, { value });
          },
          (error: unknown) => {
            answer(request, { error: toEngineError(error) });
          },
        )
        .finally(() => running.delete(work));
      running.add(work);
    },
    async idle() {
      await Promise.all(running);
    },
    close: async () => pool.end(),
  };
}
