import type { MemoryCategory, StateCategory, StateResponse } from "@spectron/core/protocol";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import type { Instant, StoredFact } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";
import { authoritativeFirst } from "./authoritative-first.ts";
import { firstSource, iso, toAttribute, toEntityDetail, toRelation } from "./details.ts";
import type { ImportanceById } from "./details.ts";
import { viewFacts } from "./fact-view.ts";
import type { FactView } from "./fact-view.ts";
import { narrowed } from "./narrowed.ts";

export interface StateInput {
  caller: Caller;
  clamp: ReadClamp;
  at: Instant;
  asOf?: Instant | undefined;
  /** Narrows to the scopes of this session. */
  sessionId?: string | undefined;
  limit: number;
  corrections: boolean;
}

/** Everything that is believed, newest first, with the turn behind each fact. */
export async function readState(reader: Reader, input: StateInput): Promise<StateResponse> {
  const context = await requireContext(reader, input.caller.context);
  const sets = await reader.visibleSets(context, await narrowed(reader, input));
  const base = { sets, at: input.at, asOf: input.asOf, limit: input.limit };
  const facts = authoritativeFirst(await reader.facts(context, base));
  const replaced = input.corrections
    ? (await reader.facts(context, { ...base, includeEnded: true })).filter(
        (fact) => fact.supersededBy !== null,
      )
    : [];
  const view = await viewFacts(reader, context, [...facts, ...replaced]);
  const importance = await reader.importance(
    context,
    facts.map(({ id }) => id),
  );
  const state: StateResponse = {
    identity: category(facts, view, importance, "identity"),
    knowledge: category(facts, view, importance, "knowledge"),
    context: category(facts, view, importance, "context"),
    instructions: facts
      .filter((fact) => fact.kind === "instruction")
      .map((fact) => ({
        id: fact.id,
        label: fact.key,
        description: fact.value,
        ...firstSource(view, fact),
      })),
    unknowns: facts
      .filter((fact) => fact.kind === "uncertainty")
      .map((fact) => ({
        about: [view.ref(fact.entity), fact.key].filter((part) => part !== "").join(" "),
        reason: fact.value,
        ...firstSource(view, fact),
      })),
  };
  if (!input.corrections) return state;
  const byId = new Map([...facts, ...replaced].map((fact) => [fact.id, fact]));
  state.corrections = replaced.flatMap((fact) => {
    const successor = byId.get(fact.supersededBy ?? "");
    if (successor === undefined) return [];
    return [
      {
        entityId: view.ref(fact.entity),
        key: fact.key,
        oldValue: fact.value,
        newValue: successor.value,
        at: iso(successor.validFrom),
        ...firstSource(view, successor),
      },
    ];
  });
  return state;
}

function category(
  facts: readonly StoredFact[],
  view: FactView,
  importance: ImportanceById,
  name: MemoryCategory,
): StateCategory {
  const mine = facts.filter((fact) => fact.category === name);
  const attributes = mine.filter((fact) => fact.kind === "attribute");
  const relations = mine.filter((fact) => fact.kind === "relation");
  const keys = new Set([...attributes, ...relations].map((fact) => fact.entity));
  return {
    entities: [...keys].flatMap((key) => {
      const entity = view.entity(key);
      return entity === undefined ? [] : [toEntityDetail(entity, name)];
    }),
    attributes: attributes.map((fact) => toAttribute(fact, view, importance)),
    relations: relations.map((fact) => toRelation(fact, view)),
  };
}
