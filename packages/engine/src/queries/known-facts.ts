import type { KnownFact, ScopeSets } from "@spectron/core/protocol";
import { canonicalClauses, requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import { isVisible } from "../model/clamp.ts";
import type { Instant } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";
import { viewFacts } from "./fact-view.ts";

/** Most live facts that an extractor is told of. */
const MOST_FACTS = 200;

/** Live facts of the scope set that a write goes to, so that an extractor can refer to what they replace. */
export async function knownFacts(
  reader: Reader,
  input: {
    caller: Caller;
    sessionId?: string | undefined;
    scopes?: ScopeSets | undefined;
    at: Instant;
  },
): Promise<KnownFact[]> {
  const context = await requireContext(reader, input.caller.context);
  const session =
    input.sessionId === undefined ? undefined : await reader.session(context, input.sessionId);
  const scopes = input.scopes === undefined ? session?.scopes : canonicalClauses(input.scopes);
  if (scopes === undefined || !isVisible(scopes, { patterns: input.caller.read })) return [];
  const sets = await reader.visibleSets(context, { patterns: input.caller.read, lens: scopes });
  const facts = await reader.facts(context, {
    sets,
    kinds: ["attribute", "relation"],
    at: input.at,
    limit: MOST_FACTS,
  });
  const view = await viewFacts(reader, context, facts);
  return facts.flatMap((fact) => {
    const entity = view.entity(fact.entity);
    if (entity === undefined) return [];
    return [
      {
        factId: fact.id,
        subject: { type: entity.type, name: entity.name },
        key: fact.key,
        value: fact.value,
        validFrom: fact.validFrom,
      },
    ];
  });
}
