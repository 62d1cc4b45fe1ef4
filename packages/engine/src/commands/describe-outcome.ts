import type { ExtractionResult } from "@spectron/core/protocol";
import { entityId } from "../model/entities.ts";
import type { FactRecord } from "../model/records.ts";
import type { Outcome } from "../reconcile/reconcile.ts";
import type { EntityTable } from "./make-statements.ts";

/** The structured diff of one write (contract 7.1). */
export function describeOutcome(
  outcome: Outcome,
  entities: Pick<EntityTable, "records" | "created">,
  turn: string,
): ExtractionResult {
  const told = [...outcome.created, ...outcome.reinforced];
  const ref = (key: number | null): string => {
    const entity = key === null ? undefined : entities.records.get(key);
    return entity === undefined ? "" : entityId(entity.type, entity.normalName);
  };
  const used = new Set(told.flatMap((fact) => [fact.entity, fact.object]));
  const of = (kind: FactRecord["kind"]): FactRecord[] => told.filter((fact) => fact.kind === kind);
  return {
    turnId: turn,
    entities: [...entities.records.values()]
      .filter((entity) => used.has(entity.key))
      .map((entity) => ({
        id: ref(entity.key),
        entityType: entity.type,
        name: entity.name,
        memoryCategory: entity.category,
        isNew: entities.created.has(entity.key),
      })),
    attributes: of("attribute").map((fact) => ({
      id: fact.id,
      entityId: ref(fact.entity),
      key: fact.key,
      value: fact.value,
      memoryCategory: fact.category,
    })),
    relations: of("relation").map((fact) => ({
      subject: ref(fact.entity),
      label: fact.key,
      object: ref(fact.object),
      memoryCategory: fact.category,
    })),
    instructions: of("instruction").map((fact) => ({
      id: fact.id,
      label: fact.key,
      description: fact.value,
    })),
    uncertainties: [...outcome.uncertainties, ...of("uncertainty")].map((fact) => ({
      about: [ref(fact.entity), fact.key].filter((part) => part !== "").join(" "),
      reason: fact.value,
    })),
    corrections: outcome.corrections.map((correction) => ({
      entityId: ref(correction.entity),
      key: correction.key,
      oldValue: correction.oldValue,
      newValue: correction.newValue,
    })),
    actions: [],
  };
}
