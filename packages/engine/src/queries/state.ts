import type {
  AttributeDetail,
  EntityDetail,
  RelationDetail,
  Source,
  StateCategory,
  StateResponse,
} from "@spectron/core/protocol";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { INITIAL_IMPORTANCE } from "../model/importance.ts";
import type { Instant, StoredFact } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";
import { requireSession } from "./sessions.ts";
import { viewFacts } from "./fact-view.ts";
import type { FactView } from "./fact-view.ts";

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
  const clamp =
    input.sessionId === undefined
      ? input.clamp
      : {
          ...input.clamp,
          lens: (await requireSession(reader, input.caller, input.sessionId)).session.scopes,
        };
  const sets = await reader.visibleSets(context, clamp);
  const base = { sets, at: input.at, asOf: input.asOf, limit: input.limit };
  const facts = await reader.facts(context, base);
  const replaced = input.corrections
    ? (await reader.facts(context, { ...base, includeEnded: true })).filter(
        (fact) => fact.supersededBy !== null,
      )
    : [];
  const view = await viewFacts(reader, context, [...facts, ...replaced]);
  const state: StateResponse = {
    identity: category(facts, view, "identity"),
    knowledge: category(facts, view, "knowledge"),
    context: category(facts, view, "context"),
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
  name: "identity" | "knowledge" | "context",
): StateCategory {
  const mine = facts.filter((fact) => fact.category === name);
  const attributes = mine.filter((fact) => fact.kind === "attribute");
  const relations = mine.filter((fact) => fact.kind === "relation");
  const keys = new Set([...attributes, ...relations].map((fact) => fact.entity));
  return {
    entities: [...keys].flatMap((key): EntityDetail[] => {
      const entity = view.entity(key);
      if (entity === undefined) return [];
      return [
        {
          id: view.ref(key),
          entityType: entity.type,
          name: entity.name,
          memoryCategory: name,
          importance: INITIAL_IMPORTANCE[name],
          createdAt: iso(entity.createdAt),
          updatedAt: iso(entity.updatedAt),
        },
      ];
    }),
    attributes: attributes.map((fact): AttributeDetail => ({
      id: fact.id,
      entity: `entity:${view.ref(fact.entity)}`,
      key: fact.key,
      value: fact.value,
      memoryCategory: name,
      importance: INITIAL_IMPORTANCE[name],
      createdAt: iso(fact.createdAt),
      confidence: fact.confidence,
      ...validity(fact),
      ...(fact.supersedes === null ? {} : { supersedes: fact.supersedes }),
      ...(fact.supersededBy === null ? {} : { supersededBy: fact.supersededBy }),
      ...firstSource(view, fact),
      sources: view.sources(fact),
    })),
    relations: relations.map((fact): RelationDetail => ({
      id: fact.id,
      subject: view.ref(fact.entity),
      label: fact.key,
      object: view.ref(fact.object),
      memoryCategory: name,
      createdAt: iso(fact.createdAt),
      ...validity(fact),
      ...firstSource(view, fact),
    })),
  };
}

function validity(fact: StoredFact): { validFrom: string; validUntil?: string } {
  return {
    validFrom: iso(fact.validFrom),
    ...(fact.validTo === null ? {} : { validUntil: iso(fact.validTo) }),
  };
}

function firstSource(view: FactView, fact: StoredFact): { source?: Source } {
  const source = view.sources(fact)[0];
  return source === undefined ? {} : { source };
}

function iso(instant: Instant): string {
  return new Date(instant).toISOString();
}
