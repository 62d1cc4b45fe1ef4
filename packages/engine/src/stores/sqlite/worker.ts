import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { commands } from "../../commands/index.ts";
import { RolledBack } from "../../commands/rolled-back.ts";
import { EngineError } from "../../model/errors.ts";
import { createKeep } from "../../recall/keep.ts";
import { queries } from "../../queries/index.ts";
import type { Reader, Writer } from "../store.ts";
import { openOwned, openReadOnly } from "./database.ts";
import { createReader } from "./reader.ts";
import { createStatements } from "./statements.ts";
import type { Statements } from "./statements.ts";
import { createWriter } from "./writer.ts";

/** One piece of work for the thread. */
export interface WorkerRequest {
  id: number;
  name: string;
  input: unknown;
}

export type WorkerResponse =
  | { id: number; ok: true; value: unknown }
  | { id: number; ok: false; code: string; message: string };

export interface WorkerSettings {
  path: string;
  mode: "write" | "read";
}

type Handler<View> = (view: View, input: unknown) => unknown;

/** Takes requests in order; `idle` settles when all that were taken are answered. */
interface Service {
  take(request: WorkerRequest): void;
  idle(): Promise<void>;
}

/** Most requests that share one transaction; bounds how long one commit is. */
const BATCH = 256;

function failure(id: number, error: unknown): WorkerResponse {
  if (error instanceof EngineError)
    return { id, ok: false, code: error.code, message: error.message };
  const sqlite = error as { errcode?: number; message?: string };
  // 13 is SQLITE_FULL
  return sqlite.errcode === 13
    ? { id, ok: false, code: "storage_full", message: "The disk that holds the memory is full." }
    : { id, ok: false, code: "store_failed", message: String(sqlite.message ?? error) };
}

/** Runs what has queued up in one transaction each time: many writes, one sync, answers after it. */
function serveWrites(
  db: Statements,
  writer: Writer,
  send: (response: WorkerResponse) => void,
): Service {
  const queue: WorkerRequest[] = [];
  let draining: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    // whatever arrives in the same turn of the loop shares the first transaction
    await setImmediate();
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH);
      const responses: WorkerResponse[] = [];
      try {
        db.run("BEGIN IMMEDIATE");
        for (const request of batch) responses.push(await runOne(db, writer, request));
        db.run("COMMIT");
        responses.forEach(send);
      } catch (error) {
        try {
          db.run("ROLLBACK");
        } catch {
          // a failed commit has already ended the transaction
        }
        for (const request of batch) send(failure(request.id, error));
      }
    }
    draining = undefined;
  };
  return {
    take(request) {
      queue.push(request);
      draining ??= drain();
    },
    async idle() {
      await draining;
    },
  };
}

async function runOne(
  db: Statements,
  writer: Writer,
  request: WorkerRequest,
): Promise<WorkerResponse> {
  db.run("SAVEPOINT one");
  try {
    const handler = commands[request.name as keyof typeof commands] as Handler<Writer>;
    const value = await handler(writer, request.input);
    db.run("RELEASE one");
    return { id: request.id, ok: true, value };
  } catch (error) {
    db.run("ROLLBACK TO one");
    db.run("RELEASE one");
    if (error instanceof RolledBack) return { id: request.id, ok: true, value: error.value };
    return failure(request.id, error);
  }
}

function serveReads(
  db: Statements,
  reader: Reader,
  send: (response: WorkerResponse) => void,
): Service {
  let last: Promise<void> = Promise.resolve();
  const runRead = async (request: WorkerRequest): Promise<void> => {
    try {
      db.run("BEGIN");
      const handler = queries[request.name as keyof typeof queries] as Handler<Reader>;
      send({ id: request.id, ok: true, value: await handler(reader, request.input) });
    } catch (error) {
      send(failure(request.id, error));
    } finally {
      db.run("COMMIT");
    }
  };
  return {
    take(request) {
      last = last.then(() => runRead(request));
    },
    idle: async () => last,
  };
}

function main(port: NonNullable<typeof parentPort>, settings: WorkerSettings): void {
  const send = (response: WorkerResponse): void => {
    port.postMessage(response);
  };
  let opened: { database: ReturnType<typeof openReadOnly>; close(): void };
  try {
    if (settings.mode === "write") opened = openOwned(settings.path);
    else {
      const database = openReadOnly(settings.path);
      opened = { database, close: () => database.close() };
    }
  } catch (error) {
    send({ ...failure(0, error) });
    port.close();
    return;
  }
  const db = createStatements(opened.database);
  const service =
    settings.mode === "write"
      ? serveWrites(db, createWriter(db), send)
      : serveReads(db, { ...createReader(db), keep: createKeep() }, send);
  port.on("message", (request: WorkerRequest) => {
    if (request.name !== "close") {
      service.take(request);
      return;
    }
    void service.idle().then(() => {
      opened.close();
      send({ id: request.id, ok: true, value: null });
      // the thread ends by itself once its port is closed
      port.close();
    });
  });
  send({ id: 0, ok: true, value: null });
}

if (parentPort !== null) main(parentPort, workerData as WorkerSettings);
