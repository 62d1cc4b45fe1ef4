import { findAnswer, findKey } from "./access.ts";
import { getEntity, getHistory, listEntities, listEntityFacts } from "./entities.ts";
import { inspect } from "./inspect.ts";
import { knownFacts } from "./known-facts.ts";
import { matchForget } from "./match-forget.ts";
import { newestInstant } from "./newest-instant.ts";
import { readProfile } from "./profile.ts";
import { listQuarantine } from "./quarantine.ts";
import { recall } from "./recall.ts";
import { recallText } from "./recall-text.ts";
import { getSession, getTurn, listSessions, listTurns } from "./sessions.ts";
import { readState } from "./state.ts";
import { readStateDiff } from "./state-diff.ts";
import { getTrace, listTraces, readAudit, readTraceStats } from "./traces.ts";
import { readVectorGap } from "./vector-gap.ts";

/** Every read of memory. A store runs one of these over one committed state. */
export const queries: {
  readonly findAnswer: typeof findAnswer;
  readonly findKey: typeof findKey;
  readonly getEntity: typeof getEntity;
  readonly getHistory: typeof getHistory;
  readonly getSession: typeof getSession;
  readonly getTrace: typeof getTrace;
  readonly getTurn: typeof getTurn;
  readonly inspect: typeof inspect;
  readonly knownFacts: typeof knownFacts;
  readonly listEntities: typeof listEntities;
  readonly listEntityFacts: typeof listEntityFacts;
  readonly listQuarantine: typeof listQuarantine;
  readonly listSessions: typeof listSessions;
  readonly listTraces: typeof listTraces;
  readonly listTurns: typeof listTurns;
  readonly matchForget: typeof matchForget;
  readonly newestInstant: typeof newestInstant;
  readonly readAudit: typeof readAudit;
  readonly readProfile: typeof readProfile;
  readonly readState: typeof readState;
  readonly readStateDiff: typeof readStateDiff;
  readonly readTraceStats: typeof readTraceStats;
  readonly recall: typeof recall;
  readonly recallText: typeof recallText;
  readonly vectorGap: typeof readVectorGap;
} = {
  findAnswer,
  findKey,
  getEntity,
  getHistory,
  getSession,
  getTrace,
  getTurn,
  inspect,
  knownFacts,
  listEntities,
  listEntityFacts,
  listQuarantine,
  listSessions,
  listTraces,
  listTurns,
  matchForget,
  newestInstant,
  readAudit,
  readProfile,
  readState,
  readStateDiff,
  readTraceStats,
  recall,
  recallText,
  vectorGap: readVectorGap,
};

export type QueryName = keyof typeof queries;
export type QueryInput<Name extends QueryName> = Parameters<(typeof queries)[Name]>[1];
export type QueryOutput<Name extends QueryName> = Awaited<ReturnType<(typeof queries)[Name]>>;
