import { bootstrap } from "./bootstrap.ts";
import { ingest } from "./ingest.ts";
import { recordTrace } from "./record-trace.ts";
import { closeSession, createSession } from "./sessions.ts";

/** Every change of memory. A store runs one of these in one durable transaction. */
export const commands: {
  readonly bootstrap: typeof bootstrap;
  readonly ingest: typeof ingest;
  readonly recordTrace: typeof recordTrace;
  readonly createSession: typeof createSession;
  readonly closeSession: typeof closeSession;
} = { bootstrap, ingest, recordTrace, createSession, closeSession };

export type CommandName = keyof typeof commands;
export type CommandInput<Name extends CommandName> = Parameters<(typeof commands)[Name]>[1];
export type CommandOutput<Name extends CommandName> = Awaited<ReturnType<(typeof commands)[Name]>>;
