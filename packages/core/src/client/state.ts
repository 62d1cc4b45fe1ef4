import type { StateDiffFilter, StateDiffResponse } from "../protocol/reads.ts";
import type {
  ProfileFilter,
  ProfileResponse,
  StateFilter,
  StateResponse,
} from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import type { ReadOptions } from "./options.ts";

export interface State {
  /** Who the user is, in short. Without a lens it covers all that the key may read. */
  profile(filter?: ProfileFilter, options?: ReadOptions): Promise<ProfileResponse>;
  /** Everything that is held now, or was at `asOf`. */
  state(filter?: StateFilter, options?: ReadOptions): Promise<StateResponse>;
  /** The net effect of everything stored after a turn or a time. */
  stateDiff(filter: StateDiffFilter, options?: ReadOptions): Promise<StateDiffResponse>;
}

/** Characters of a filter that still fit in the line of a GET; a wide lens travels as POST. */
const MOST_IN_URL = 2000;

export function createState({ get, post }: Calls): State {
  const read = async <Body>(route: string, filter: object, options?: ReadOptions): Promise<Body> =>
    JSON.stringify(filter).length > MOST_IN_URL
      ? post(route, [], filter, { ...options, repeatable: true })
      : get(route, [], filter, options);
  return {
    profile: async (filter = {}, options) => get("profile", [], filter, options),
    state: async (filter = {}, options) => read("state", filter, options),
    stateDiff: async (filter, options) => read("state/diff", filter, options),
  };
}
