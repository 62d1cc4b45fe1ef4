import type {
  AttributeDetail,
  EntityDetail,
  MemoryCategory,
  RelationDetail,
  Source,
} from "@spectron/core/protocol";
import { entityId } from "../model/entities.ts";
import { INITIAL_IMPORTANCE } from "../model/importance.ts";
import type { EntityRecord, Instant, StoredFact } from "../model/records.ts";
import type { Importance } from "../stores/store.ts";
import type { FactView } from "./fact-view.ts";

/** Importance of facts by id, where it is not the initial one. */
export type ImportanceById = ReadonlyMap<string, Importance>;

export function toAttribute(
  fact: StoredFact,
  view: FactView,
  importance: ImportanceById,
): AttributeDetail {
  return {
    id: fact.id,
    entity: `entity:${view.ref(fact.entity)}`,
    key: fact.key,
    value: fact.value,
    memoryCategory: fact.category,
    importance: importance.get(fact.id)?.value ?? INITIAL_IMPORTANCE[fact.category],
    createdAt: iso(fact.createdAt),
    confidence: fact.confidence,
    ...validity(fact),
    ...(fact.supersedes === null ? {} : { supersedes: fact.supersedes }),
    ...(fact.supersededBy === null ? {} : { supersededBy: fact.supersededBy }),
    ...firstSource(view, fact),
    sources: view.sources(fact),
  };
}

export function toRelation(fact: StoredFact, view: FactView): RelationDetail {
  return {
    id: fact.id,
    subject: view.ref(fact.entity),
    label: fact.key,
    object: view.ref(fact.object),
    memoryCategory: fact.category,
    createdAt: iso(fact.createdAt),
    ...validity(fact),
    ...firstSource(view, fact),
  };
}

export function toEntityDetail(
  entity: EntityRecord,
  category: MemoryCategory = entity.category,
): EntityDetail {
  return {
    id: entityId(entity.type, entity.normalName),
    entityType: entity.type,
    name: entity.name,
    memoryCategory: category,
    importance: INITIAL_IMPORTANCE[category],
    createdAt: iso(entity.createdAt),
    updatedAt: iso(entity.updatedAt),
  };
}

export function firstSource(view: FactView, fact: StoredFact): { source?: Source } {
  const source = view.sources(fact)[0];
  return source === undefined ? {} : { source };
}

export function iso(instant: Instant): string {
  return new Date(instant).toISOString();
}

function validity(fact: StoredFact): { validFrom: string; validUntil?: string } {
  return {
    validFrom: iso(fact.validFrom),
    ...(fact.validTo === null ? {} : { validUntil: iso(fact.validTo) }),
  };
}
