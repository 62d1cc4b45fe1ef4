import { findAnswer, findKey } from "./access.ts";
import { matchForget } from "./match-forget.ts";
import { readProfile } from "./profile.ts";
import { listQuarantine } from "./quarantine.ts";
import { recall } from "./recall.ts";
import { getSession, getTurn, listSessions, listTurns } from "./sessions.ts";
import { readState } from "./state.ts";
import { readVectorGap } from "./vector-gap.ts";

/** Every read of memory. A store runs one of these over one committed state. */
export const queries: {
  readonly findAnswer: typeof findAnswer;
  readonly findKey: typeof findKey;
  readonly getSession: typeof getSession;
  readonly getTurn: typeof getTurn;
  readonly listQuarantine: typeof listQuarantine;
  readonly listSessions: typeof listSessions;
  readonly listTurns: typeof listTurns;
  readonly matchForget: typeof matchForget;
  readonly readProfile: typeof readProfile;
  readonly readState: typeof readState;
  readonly recall: typeof recall;
  readonly vectorGap: typeof readVectorGap;
} = {
  findAnswer,
  findKey,
  getSession,
  getTurn,
  listQuarantine,
  listSessions,
  listTurns,
  matchForget,
  readProfile,
  readState,
  recall,
  vectorGap: readVectorGap,
};

export type QueryName = keyof typeof queries;
export type QueryInput<Name extends QueryName> = Parameters<(typeof queries)[Name]>[1];
export type QueryOutput<Name extends QueryName> = Awaited<ReturnType<(typeof queries)[Name]>>;
