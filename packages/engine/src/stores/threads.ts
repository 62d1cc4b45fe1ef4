import { Worker } from "node:worker_threads";
import { EngineError } from "../model/errors.ts";
import type { EngineErrorCode } from "../model/errors.ts";
import type { Instant } from "../model/records.ts";
import type { OpenSettings, WorkerRequest, WorkerResponse } from "./worker.ts";

/** One store's side of a thread. */
export interface Channel {
  call(name: string, input: unknown): Promise<unknown>;
  /** Finishes what was taken and closes it; the thread stays for the next store. */
  close(): Promise<void>;
}

interface Thread {
  call(request: Omit<WorkerRequest, "id">): Promise<unknown>;
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * The threads of this process, by what they do. They are shared by all stores and live as long as the process:
 * starting one costs far more than opening a file, and ending one while its database objects wait to be collected is
 * where the runtime itself has failed.
 */
const threads = new Map<OpenSettings["mode"], Thread>();
let stores = 0;

/** Opens the store in the thread of its mode. */
export async function openChannel(settings: OpenSettings): Promise<Channel> {
  const thread = threads.get(settings.mode) ?? startThread(settings.mode);
  threads.set(settings.mode, thread);
  stores += 1;
  const store = stores;
  await thread.call({ store, name: "open", input: settings });
  let closed: Promise<unknown> | undefined;
  return {
    async call(name, input) {
      if (closed !== undefined) throw new EngineError("store_failed", "The store is closed.");
      return thread.call({ store, name, input });
    },
    async close() {
      closed ??= thread.call({ store, name: "close", input: null });
      await closed;
    },
  };
}

/** Opens the side of a store that reads, and asks it for the newest instant that the store knows. */
export async function openReads(
  settings: OpenSettings,
): Promise<{ reads: Channel; newest: Instant }> {
  const reads = await openChannel(settings);
  try {
    return { reads, newest: (await reads.call("newestInstant", null)) as Instant };
  } catch (error) {
    await reads.close();
    throw error;
  }
}

function startThread(mode: OpenSettings["mode"]): Thread {
  const source = import.meta.url.endsWith(".ts");
  const worker = new Worker(new URL(source ? "./worker.ts" : "./worker.js", import.meta.url), {
    name: `spectron-${mode}`,
    ...(source ? { execArgv: ["--conditions=@spectron/source", "--no-warnings"] } : {}),
  });
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let ended: EngineError | undefined;
  worker.unref();
  const fail = (error: EngineError): void => {
    ended ??= error;
    if (threads.get(mode) === thread) threads.delete(mode);
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
    fail(new EngineError("store_failed", "The storage thread stopped."));
  });
  const thread: Thread = {
    call: async (request) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended);
          return;
        }
        const id = next;
        next += 1;
        waiting.set(id, { resolve, reject });
        // an idle store does not keep a script alive, a pending write does
        worker.ref();
        worker.postMessage({ ...request, id });
      }),
  };
  return thread;
}
