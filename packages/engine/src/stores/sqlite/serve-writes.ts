import { setImmediate } from "node:timers/promises";
import type { DatabaseSync } from "node:sqlite";
import { commands } from "../../commands/index.ts";
import { RolledBack } from "../../commands/rolled-back.ts";
import { EngineError } from "../../model/errors.ts";
import type { Writer } from "../store.ts";
import { leavesDiskUnknown } from "./failure.ts";
import type { Statements } from "./statements.ts";
import { createWriter } from "./writer.ts";

/** A test's hook before a step of a write: it may end the process, throw, or change the connection. */
export type Fault = (step: string, database?: DatabaseSync) => void;

export interface ServiceRequest {
  id: number;
  name: string;
  input: unknown;
}

/** Takes requests in order; `idle` settles when all that were taken are answered. */
export interface Service {
  take(request: ServiceRequest): void;
  idle(): Promise<void>;
}

type Result = { value: unknown } | { error: unknown };

/** Most requests that share one transaction; bounds how long one commit is. */
const BATCH = 256;

/** Runs what has queued up in one transaction each time: many writes, one sync, answers after it. */
export function serveWrites(
  db: Statements,
  {
    answer,
    fault,
    check,
  }: {
    answer: (request: ServiceRequest, result: Result) => void;
    fault?: Fault | undefined;
    /** Throws when what is written now would be lost. */
    check?: (() => void) | undefined;
  },
): Service {
  const writer = fault === undefined ? createWriter(db) : withFaults(createWriter(db), fault);
  const queue: ServiceRequest[] = [];
  let draining: Promise<void> | undefined;
  let stopped: EngineError | undefined;

  const commit = async (batch: readonly ServiceRequest[]): Promise<Result[]> => {
    fault?.("begin");
    db.run("BEGIN IMMEDIATE");
    try {
      check?.();
      const results: Result[] = [];
      for (const request of batch) results.push(await runOne(db, writer, request));
      fault?.("commit");
      db.run("COMMIT");
      return results;
    } catch (error) {
      try {
        db.run("ROLLBACK");
      } catch {
        // a failed commit has already ended the transaction
      }
      throw error;
    }
  };

  const drain = async (): Promise<void> => {
    // whatever arrives in the same turn of the loop shares the first transaction
    await setImmediate();
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH);
      let results: Result[];
      try {
        if (stopped !== undefined) throw stopped;
        results = await commit(batch);
        fault?.("answer");
      } catch (error) {
        // until the log is read again, nothing may be built on it
        if (stopped === undefined && !(error instanceof EngineError) && leavesDiskUnknown(error))
          stopped = new EngineError(
            "store_failed",
            "The disk failed while memory was written, so no more is accepted. Check the disk and open the store again.",
            { cause: error },
          );
        results = batch.map(() => ({ error: stopped ?? error }));
      }
      batch.forEach((request, index) => {
        answer(request, results[index] ?? { error: stopped });
      });
    }
    draining = undefined;
  };

  return {
    take(request) {
      if (request.name === "check") {
        try {
          if (stopped !== undefined) throw stopped;
          check?.();
          answer(request, { value: null });
        } catch (error) {
          answer(request, { error });
        }
        return;
      }
      queue.push(request);
      draining ??= drain();
    },
    async idle() {
      await draining;
    },
  };
}

async function runOne(db: Statements, writer: Writer, request: ServiceRequest): Promise<Result> {
  db.run("SAVEPOINT one");
  try {
    const command = commands[request.name as keyof typeof commands] as (
      view: Writer,
      input: unknown,
    ) => unknown;
    const value = await command(writer, request.input);
    db.run("RELEASE one");
    return { value };
  } catch (error) {
    try {
      db.run("ROLLBACK TO one");
      db.run("RELEASE one");
    } catch {
      // the failure has ended the whole transaction
      throw error;
    }
    return error instanceof RolledBack ? { value: error.value } : { error };
  }
}

/** Calls the hook before each method of the view. */
function withFaults(writer: Writer, fault: Fault): Writer {
  return new Proxy(writer, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...values: unknown[]): unknown => {
        fault(String(name));
        return (method as (...values: unknown[]) => unknown)(...values);
      };
    },
  });
}
