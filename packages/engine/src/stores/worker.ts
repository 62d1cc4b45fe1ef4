import { parentPort } from "node:worker_threads";
import type { PostgresStoreOptions } from "./postgres/postgres-store-options.ts";
import { toFailure } from "./sqlite/failure.ts";
import type { Failure } from "./sqlite/failure.ts";
import type { Service, ServiceRequest } from "./sqlite/serve-writes.ts";

/** One piece of work for the thread. */
export interface WorkerRequest {
  id: number;
  /** Number of the open store that it is for. */
  store: number;
  name: string;
  input: unknown;
}

export type WorkerResponse =
  | { id: number; ok: true; value: unknown }
  | ({ id: number; ok: false } & Failure);

/** What a thread does for a store. */
export type OpenSettings =
  | { mode: "sqlite-write"; path: string; faults?: string | undefined }
  | { mode: "sqlite-read"; path: string }
  | { mode: "postgres-read"; options: PostgresStoreOptions };

export interface Opened extends Service {
  close(): void | Promise<void>;
}

export type Answer = (
  request: ServiceRequest,
  result: { value: unknown } | { error: unknown },
) => void;

/** A thread loads the driver of its own store only. */
async function open(settings: OpenSettings, answer: Answer): Promise<Opened> {
  if (settings.mode === "postgres-read")
    return (await import("./postgres/serve-reads.ts")).openReads(settings.options, answer);
  const sqlite = await import("./sqlite/services.ts");
  return settings.mode === "sqlite-write"
    ? sqlite.openWriter(settings, answer)
    : sqlite.openReader(settings, answer);
}

function main(port: NonNullable<typeof parentPort>): void {
  const stores = new Map<number, Opened>();
  const answer: Answer = ({ id }, result) => {
    port.postMessage(
      "error" in result
        ? { id, ok: false, ...toFailure(result.error) }
        : { id, ok: true, value: result.value },
    );
  };
  const handle = async (request: WorkerRequest): Promise<void> => {
    const { store } = request;
    if (request.name === "open") {
      stores.set(store, await open(request.input as OpenSettings, answer));
    } else if (request.name === "close") {
      const service = stores.get(store);
      await service?.idle();
      stores.delete(store);
      await service?.close();
    } else {
      stores.get(store)?.take(request);
      return;
    }
    answer(request, { value: null });
  };
  port.on("message", (request: WorkerRequest) => {
    handle(request).catch((error: unknown) => {
      answer(request, { error });
    });
  });
}

if (parentPort !== null) main(parentPort);
