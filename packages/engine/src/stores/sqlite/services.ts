import { queries } from "../../queries/index.ts";
import { createKeep } from "../../recall/keep.ts";
import type { Reader } from "../store.ts";
import type { Answer, Opened } from "../worker.ts";
import { backUp } from "./backup.ts";
import { openOwned, openReadOnly } from "./database.ts";
import { toEngineError } from "./failure.ts";
import { createReader } from "./reader.ts";
import { serveWrites } from "./serve-writes.ts";
import type { Fault, ServiceRequest } from "./serve-writes.ts";
import { createStatements } from "./statements.ts";
import { verifyDatabase } from "./verify.ts";

export async function openWriter(
  { path, faults }: { path: string; faults?: string | undefined },
  answer: Answer,
): Promise<Opened> {
  const fault =
    faults === undefined ? undefined : ((await import(faults)) as { fault: Fault }).fault;
  const owned = named(path, () => openOwned(path, fault));
  const db = createStatements(owned.database);
  const service = serveWrites(db, {
    answer: naming(path, answer),
    fault,
    check: () => owned.check(),
  });
  return { ...service, close: () => owned.close() };
}

export function openReader({ path }: { path: string }, answer: Answer): Opened {
  const database = named(path, () => openReadOnly(path));
  const db = createStatements(database, { sessionIds: new Map() });
  const told = naming(path, answer);
  const reader: Reader = { ...createReader(db), keep: createKeep() };
  const run = async ({ name, input }: ServiceRequest): Promise<unknown> => {
    if (name === "backup") return backUp(database, input as string);
    db.run("BEGIN");
    try {
      if (name === "verify") return await verifyDatabase(db);
      const query = queries[name as keyof typeof queries] as (
        view: Reader,
        input: unknown,
      ) => unknown;
      return await query(reader, input);
    } finally {
      try {
        db.run("COMMIT");
      } catch {
        // a disk that failed has already ended the transaction
      }
    }
  };
  let last: Promise<void> = Promise.resolve();
  return {
    take(request) {
      last = last
        .then(async () => {
          told(request, { value: await run(request) });
        })
        .catch((error: unknown) => {
          told(request, { error });
        });
    },
    idle: async () => last,
    close: () => database.close(),
  };
}

/** Runs the task; what it throws is in the engine's words. */
function named<Value>(path: string, task: () => Value): Value {
  try {
    return task();
  } catch (error) {
    throw toEngineError(error, path);
  }
}

/** The same for what requests are answered. */
function naming(path: string, answer: Answer): Answer {
  return (request, result) => {
    answer(request, "error" in result ? { error: toEngineError(result.error, path) } : result);
  };
}
