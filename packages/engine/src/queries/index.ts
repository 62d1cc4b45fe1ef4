import { findAnswer, findKey } from "./access.ts";
import { readProfile } from "./profile.ts";
import { recall } from "./recall.ts";
import { getSession, listTurns } from "./sessions.ts";
import { readState } from "./state.ts";

/** Every read of memory. A store runs one of these over one committed state. */
export const queries: {
  readonly findAnswer: typeof findAnswer;
  readonly findKey: typeof findKey;
  readonly getSession: typeof getSession;
  readonly listTurns: typeof listTurns;
  readonly readProfile: typeof readProfile;
  readonly readState: typeof readState;
  readonly recall: typeof recall;
} = { findAnswer, findKey, getSession, listTurns, readProfile, readState, recall };

export type QueryName = keyof typeof queries;
export type QueryInput<Name extends QueryName> = Parameters<(typeof queries)[Name]>[1];
export type QueryOutput<Name extends QueryName> = Awaited<ReturnType<(typeof queries)[Name]>>;
