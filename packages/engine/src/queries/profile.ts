import type { ProfileEntry, ProfileResponse } from "@spectron/core/protocol";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import type { Instant } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";
import { authoritativeFirst } from "./authoritative-first.ts";
import { viewFacts } from "./fact-view.ts";

/** Most facts that a profile is made of. */
const PROFILE_FACTS = 500;

export interface ProfileInput {
  caller: Caller;
  clamp: ReadClamp;
  at: Instant;
  asOf?: Instant | undefined;
}

/** Live facts by category: identity, context and knowledge become `static`, `dynamic` and `preferences`. */
export async function readProfile(reader: Reader, input: ProfileInput): Promise<ProfileResponse> {
  const context = await requireContext(reader, input.caller.context);
  const believed = await reader.facts(context, {
    sets: await reader.visibleSets(context, input.clamp),
    kinds: ["attribute", "relation", "instruction"],
    at: input.at,
    asOf: input.asOf,
    limit: PROFILE_FACTS,
  });
  const facts = authoritativeFirst(believed);
  const view = await viewFacts(reader, context, facts);
  const profile: ProfileResponse = { static: [], dynamic: [], preferences: [], instructions: [] };
  const shelf = {
    identity: profile.static,
    context: profile.dynamic,
    knowledge: profile.preferences,
  };
  for (const fact of facts) {
    if (fact.kind === "instruction") {
      profile.instructions.push({ id: fact.id, label: fact.key, description: fact.value });
      continue;
    }
    const entity = view.entity(fact.entity);
    shelf[fact.category].push({
      key: fact.key,
      value: fact.value,
      ...(entity === undefined ? {} : { entity: entity.name, entityType: entity.type }),
    } satisfies ProfileEntry);
  }
  return profile;
}
