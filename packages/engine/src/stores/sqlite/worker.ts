import { parentPort } from "node:worker_threads";
import { queries } from "../../queries/index.ts";
import { createKeep } from "../../recall/keep.ts";
import type { Reader } from "../store.ts";
import { backUp } from "./backup.ts";
import { openOwned, openReadOnly } from "./database.ts";
import { toFailure } from "./failure.ts";
import type { Failure } from "./failure.ts";
import { createReader } from "./reader.ts";
import { serveWrites } from "./serve-writes.ts";
import type { Fault, Service, ServiceRequest } from "./serve-writes.ts";
import { createStatements } from "./statements.ts";
import { verifyDatabase } from "./verify.ts";

/** One piece of work for the thread. */
export interface WorkerRequest {
  id: number;
  /** Number of the open file that it is for. */
  store: number;
  name: string;
  input: unknown;
}

export type WorkerResponse =
  | { id: number; ok: true; value: unknown }
  | ({ id: number; ok: false } & Failure);

export interface OpenSettings {
  path: string;
  mode: "write" | "read";
  faults?: string | undefined;
}

interface Opened extends Service {
  close(): void;
}

type Answer = (request: ServiceRequest, result: { value: unknown } | { error: unknown }) => void;

async function openWriter(settings: OpenSettings, answer: Answer): Promise<Opened> {
  const fault =
    settings.faults === undefined
      ? undefined
      : ((await import(settings.faults)) as { fault: Fault }).fault;
  const owned = openOwned(settings.path, fault);
  const db = createStatements(owned.database);
  return { ...serveWrites(db, { answer, fault }), close: () => owned.close() };
}

function openReader(settings: OpenSettings, answer: Answer): Opened {
  const database = openReadOnly(settings.path);
  const db = createStatements(database);
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
      db.run("COMMIT");
    }
  };
  let last: Promise<void> = Promise.resolve();
  return {
    take(request) {
      last = last
        .then(async () => {
          answer(request, { value: await run(request) });
        })
        .catch((error: unknown) => {
          answer(request, { error });
        });
    },
    idle: async () => last,
    close: () => database.close(),
  };
}

function main(port: NonNullable<typeof parentPort>): void {
  const open = new Map<number, Opened>();
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
      const settings = request.input as OpenSettings;
      open.set(
        store,
        settings.mode === "write"
          ? await openWriter(settings, answer)
          : openReader(settings, answer),
      );
    } else if (request.name === "close") {
      const service = open.get(store);
      await service?.idle();
      open.delete(store);
      service?.close();
    } else {
      open.get(store)?.take(request);
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
