import { once } from "node:events";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { EngineError } from "../../model/errors.ts";
import type { EngineErrorCode } from "../../model/errors.ts";
import type { Store } from "../store.ts";
import type { WorkerResponse, WorkerSettings } from "./worker.ts";

export interface SqliteStoreOptions {
  /** Path of the database file; missing folders are made. */
  path: string;
}

/**
 * Opens a durable store on one SQLite file. Writes run in one worker thread, reads in another, so the caller's
 * event loop never waits for a disk.
 *
 * @throws EngineError `store_locked` when another process owns the file, `store_newer` when a newer version wrote it.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const path = resolve(options.path);
  const writer = await startThread({ path, mode: "write" });
  let reader: Thread;
  try {
    reader = await startThread({ path, mode: "read" });
  } catch (error) {
    await writer.close();
    throw error;
  }
  return {
    write: (name, input) => writer.call(name, input) as never,
    read: (name, input) => reader.call(name, input) as never,
    async close() {
      await reader.close();
      await writer.close();
    },
  };
}

interface Thread {
  call(name: string, input: unknown): Promise<unknown>;
  close(): Promise<void>;
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

async function startThread(settings: WorkerSettings): Promise<Thread> {
  const source = import.meta.url.endsWith(".ts");
  const worker = new Worker(new URL(source ? "./worker.ts" : "./worker.js", import.meta.url), {
    workerData: settings,
    ...(source ? { execArgv: ["--conditions=@spectron/source", "--no-warnings"] } : {}),
  });
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let ended: EngineError | undefined;

  const opened = new Promise<unknown>((resolveOpen, reject) => {
    waiting.set(0, { resolve: resolveOpen, reject });
  });
  const fail = (error: EngineError): void => {
    ended ??= error;
    for (const item of waiting.values()) item.reject(ended);
    waiting.clear();
  };
  worker.on("message", (response: WorkerResponse) => {
    const item = waiting.get(response.id);
    waiting.delete(response.id);
    if (response.ok) item?.resolve(response.value);
    else item?.reject(new EngineError(response.code as EngineErrorCode, response.message));
    if (waiting.size === 0) worker.unref();
  });
  worker.on("error", (error) => {
    fail(new EngineError("store_failed", "The storage thread stopped.", { cause: error }));
  });
  worker.on("exit", () => {
    fail(new EngineError("store_failed", "The store is closed."));
  });
  await opened;

  const call = async (name: string, input: unknown): Promise<unknown> =>
    new Promise((resolveCall, reject) => {
      if (ended !== undefined) {
        reject(ended);
        return;
      }
      const id = next++;
      waiting.set(id, { resolve: resolveCall, reject });
      // an idle store does not keep a script alive, a pending write does
      worker.ref();
      worker.postMessage({ id, name, input });
    });
  return {
    call,
    async close() {
      if (ended !== undefined) return;
      const exited = once(worker, "exit");
      await call("close", null);
      worker.ref();
      await exited;
    },
  };
}
