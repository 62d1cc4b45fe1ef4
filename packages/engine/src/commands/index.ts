import { bootstrap } from "./bootstrap.ts";
import { forget } from "./forget.ts";
import { ingest } from "./ingest.ts";
import { keepTime } from "./keep-time.ts";
import { decay, expire } from "./lifecycle.ts";
import { putVectors } from "./put-vectors.ts";
import { holdTurns } from "./quarantine.ts";
import { recordTraces } from "./record-traces.ts";
import { purgeSession, retract } from "./retract.ts";
import { closeSession, createSession } from "./sessions.ts";
import { sweep } from "./sweep.ts";

/** Every change of memory. A store runs one of these in one durable transaction. */
export const commands: {
  readonly bootstrap: typeof bootstrap;
  readonly closeSession: typeof closeSession;
  readonly createSession: typeof createSession;
  readonly decay: typeof decay;
  readonly expire: typeof expire;
  readonly forget: typeof forget;
  readonly holdTurns: typeof holdTurns;
  readonly ingest: typeof ingest;
  readonly keepTime: typeof keepTime;
  readonly purgeSession: typeof purgeSession;
  readonly putVectors: typeof putVectors;
  readonly recordTraces: typeof recordTraces;
  readonly retract: typeof retract;
  readonly sweep: typeof sweep;
} = {
  bootstrap,
  closeSession,
  createSession,
  decay,
  expire,
  forget,
  holdTurns,
  ingest,
  keepTime,
  purgeSession,
  putVectors,
  recordTraces,
  retract,
  sweep,
};

export type CommandName = keyof typeof commands;
export type CommandInput<Name extends CommandName> = Parameters<(typeof commands)[Name]>[1];
export type CommandOutput<Name extends CommandName> = Awaited<ReturnType<(typeof commands)[Name]>>;
