import type { Source } from "@spectron/core/protocol";
import { entityId } from "../model/entities.ts";
import { damaged } from "../model/errors.ts";
import { turnId } from "../model/records.ts";
import type { EntityRecord, FactSource, StoredFact, TurnRecord } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";

/** Facts with what their rows only point at: entities, and the turns that state them. */
export interface FactView {
  entity(key: number | null): EntityRecord | undefined;
  /** `type/name` of an entity, empty for none. */
  ref(key: number | null): string;
  sources(fact: StoredFact): Source[];
}

export async function viewFacts(
  reader: Reader,
  context: number,
  facts: readonly StoredFact[],
): Promise<FactView> {
  const entityKeys = new Set(
    facts.flatMap((fact) => [fact.entity, fact.object]).filter((key) => key !== null),
  );
  const turnKeys = new Set(
    facts
      .flatMap((fact) => fact.sources.map((source) => source.turn))
      .filter((key) => key !== undefined),
  );
  const entities = new Map(
    (await reader.entities(context, [...entityKeys])).map((entity) => [entity.key, entity]),
  );
  const turns = new Map(
    (await reader.turnsByKey(context, [...turnKeys])).map((turn) => [turn.key, turn]),
  );
  if (entities.size !== entityKeys.size || turns.size !== turnKeys.size)
    throw damaged("what facts point at is missing");
  const entity = (key: number | null): EntityRecord | undefined =>
    key === null ? undefined : entities.get(key);
  return {
    entity,
    ref(key) {
      const found = entity(key);
      return found === undefined ? "" : entityId(found.type, found.normalName);
    },
    sources: (fact) => fact.sources.map((source) => toSource(source, turns)),
  };
}

function toSource(source: FactSource, turns: ReadonlyMap<number, TurnRecord>): Source {
  const turn = source.turn === undefined ? undefined : turns.get(source.turn);
  if (turn === undefined)
    return {
      kind: source.kind,
      trust: source.trust,
      ...(source.ref === undefined ? {} : { ref: source.ref }),
    };
  const span = source.span ?? null;
  return {
    kind: source.kind,
    ref: `turn:${turnId(turn.sessionId, turn.seq)}`,
    sessionId: turn.sessionId,
    role: turn.role,
    trust: source.trust,
    turnAt: new Date(turn.said).toISOString(),
    span: span === null ? null : { start: span[0], end: span[1] },
    ...(span === null ? {} : { quote: turn.text.slice(span[0], span[1]) }),
  };
}
