import type { EntitiesResponse, EntityResponse, HistoryResponse } from "@spectron/core/protocol";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { normalizeEntityName, normalizeEntityType } from "../model/entities.ts";
import { EngineError } from "../model/errors.ts";
import type { EntityRecord, Instant, StoredFact } from "../model/records.ts";
import type { Reader, VisibleSets } from "../stores/store.ts";
import { authoritativeFirst } from "./authoritative-first.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { toAttribute, toEntityDetail, toRelation } from "./details.ts";
import { viewFacts } from "./fact-view.ts";

interface EntityInput {
  caller: Caller;
  clamp: ReadClamp;
  type: string;
  name: string;
  at: Instant;
  asOf?: Instant | undefined;
  /** Bounds of validity (contract 4.7). */
  validFrom?: Instant | undefined;
  validUntil?: Instant | undefined;
}

/** Facts of one entity looked at. */
const MOST_FACTS = 1000;

/** Entities that live facts speak of, by type, then name. */
export async function listEntities(
  reader: Reader,
  input: {
    caller: Caller;
    clamp: ReadClamp;
    type?: string | undefined;
    at: Instant;
    offset?: number | undefined;
    cursor?: string | undefined;
    limit: number;
  },
): Promise<EntitiesResponse> {
  const context = await requireContext(reader, input.caller.context);
  const sets = await reader.visibleSets(context, input.clamp);
  const list = ["entities", input.type ?? ""];
  const offset =
    input.cursor === undefined
      ? (input.offset ?? 0)
      : (decodeCursor(list, input.cursor, 1)[0] ?? 0);
  const rows = await reader.liveEntities(context, sets, {
    type: input.type === undefined ? undefined : normalizeEntityType(input.type),
    at: input.at,
    offset,
    limit: input.limit + 1,
  });
  const hasMore = rows.length > input.limit;
  const shown = rows.slice(0, input.limit);
  return {
    entities: shown.map((entity) => toEntityDetail(entity)),
    page: {
      hasMore,
      ...(hasMore ? { nextCursor: encodeCursor(list, [offset + shown.length]) } : {}),
    },
  };
}

/**
 * One entity with its live facts, over every scope set that knows it.
 *
 * @throws EngineError `not_found` when none of its facts is visible and believed.
 */
export async function getEntity(reader: Reader, input: EntityInput): Promise<EntityResponse> {
  const { context, sets, entities } = await findEntities(reader, input);
  const keys = entities.map(({ key }) => key);
  const facts =
    keys.length === 0
      ? []
      : authoritativeFirst(
          await reader.facts(context, {
            sets,
            kinds: ["attribute", "relation"],
            entities: keys,
            at: input.at,
            asOf: input.asOf,
            limit: MOST_FACTS,
          }),
        ).filter((fact) => isWithin(fact, input));
  const [entity] = entities;
  if (
    entity === undefined ||
    (facts.length === 0 && !(await isObject(reader, context, sets, input, keys)))
  )
    throw new EngineError("not_found", "There is no such entity.");
  const view = await viewFacts(reader, context, facts);
  const importance = await reader.importance(
    context,
    facts.map(({ id }) => id),
  );
  return {
    entity: toEntityDetail(entity),
    attributes: facts
      .filter(({ kind }) => kind === "attribute")
      .map((fact) => toAttribute(fact, view, importance)),
    relations: facts
      .filter(({ kind }) => kind === "relation")
      .map((fact) => toRelation(fact, view)),
  };
}

/** All values that a key ever had, newest first, the live one included. */
export async function getHistory(
  reader: Reader,
  input: EntityInput & { key: string },
): Promise<HistoryResponse> {
  const { context, sets, entities } = await findEntities(reader, input);
  if (entities.length === 0) return { history: [] };
  const facts = await reader.facts(context, {
    sets,
    kinds: ["attribute", "relation"],
    entities: entities.map(({ key }) => key),
    key: input.key,
    at: input.at,
    asOf: input.asOf,
    includeEnded: true,
    limit: MOST_FACTS,
  });
  const view = await viewFacts(reader, context, facts);
  return {
    history: facts
      .toSorted((a, b) => b.validFrom - a.validFrom || b.row - a.row)
      .map((fact) => toAttribute(fact, view, new Map())),
  };
}

/** Ids of the live facts of an entity, for forgetting it. */
export async function listEntityFacts(
  reader: Reader,
  input: EntityInput,
): Promise<{ ids: string[] }> {
  const { context, sets, entities } = await findEntities(reader, input);
  if (entities.length === 0) return { ids: [] };
  const facts = await reader.facts(context, {
    sets,
    entities: entities.map(({ key }) => key),
    at: input.at,
    limit: MOST_FACTS,
  });
  return { ids: facts.map(({ id }) => id) };
}

async function findEntities(
  reader: Reader,
  input: EntityInput,
): Promise<{ context: number; sets: VisibleSets; entities: EntityRecord[] }> {
  const context = await requireContext(reader, input.caller.context);
  const sets = await reader.visibleSets(context, input.clamp);
  const entities = await reader.entitiesByName(
    context,
    sets,
    normalizeEntityType(input.type),
    normalizeEntityName(input.name),
  );
  return { context, sets, entities };
}

/** True when a live relation points at the entity: a placeholder has no facts of its own. */
async function isObject(
  reader: Reader,
  context: number,
  sets: VisibleSets,
  input: EntityInput,
  keys: readonly number[],
): Promise<boolean> {
  const relations = await reader.facts(context, {
    sets,
    kinds: ["relation"],
    at: input.at,
    asOf: input.asOf,
    limit: MOST_FACTS,
  });
  return relations.some(({ object }) => object !== null && keys.includes(object));
}

function isWithin(fact: StoredFact, input: EntityInput): boolean {
  return (
    (input.validFrom === undefined || fact.validFrom >= input.validFrom) &&
    (input.validUntil === undefined || (fact.validTo ?? Infinity) <= input.validUntil)
  );
}
