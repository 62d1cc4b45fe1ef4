import type { ExtractionResult, MemoryCategory, Triple } from "@spectron/core/protocol";
import type { Extraction } from "../extract/extractor.ts";
import { entityId, normalizeEntityName, normalizeEntityType } from "../model/entities.ts";
import { priorTrust, turnId } from "../model/records.ts";
import type {
  EntityRecord,
  FactRecord,
  FactSource,
  Instant,
  TurnRecord,
} from "../model/records.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import type { Assertion, ChangeSet } from "../reconcile/reconcile.ts";
import type { Writer } from "../stores/store.ts";
import type { Caller } from "./command.ts";

export interface ApplyInput {
  context: number;
  scopeSet: number;
  at: Instant;
  newId: (prefix: string) => string;
  traceId: string;
  caller: Caller;
  turns: readonly TurnRecord[];
  /** Positions in `turns` that this request stored. */
  fresh: ReadonlySet<number>;
  extraction: Extraction;
  triples: readonly Triple[];
  perMessage: boolean;
  category: MemoryCategory | undefined;
  labels: readonly string[];
}

/** Least confidence at which a statement replaces another of its class. */
const CONFIDENCE_FLOOR = 0.7;
const UPSERT_CONFIDENCE = 0.95;

const ID_PREFIX = {
  attribute: "attr",
  relation: "rel",
  instruction: "inst",
  uncertainty: "unc",
} as const;

interface EntityTable {
  records: Map<number, EntityRecord>;
  created: Set<number>;
  intern(type: string, name: string, category: MemoryCategory): Promise<number>;
}

/** Reconciles extracted items and triples with the scope set's live facts, stores the change, tells the diff. */
export async function applyExtraction(
  writer: Writer,
  input: ApplyInput,
): Promise<ExtractionResult[]> {
  const entities = createEntityTable(writer, input);
  const steps = input.perMessage
    ? input.turns.map((_, index) => [index])
    : [input.turns.map((_, index) => index)];
  const results: ExtractionResult[] = [];
  for (const indexes of steps) {
    const assertions = [
      ...(await turnAssertions(input, indexes, entities)),
      ...(indexes.at(-1) === input.turns.length - 1 || input.turns.length === 0
        ? await tripleAssertions(input, entities)
        : []),
    ];
    const keys = [...new Set(assertions.map((assertion) => assertion.key))];
    const live =
      keys.length === 0 ? [] : await writer.liveFacts(input.context, input.scopeSet, keys);
    const change = reconcile(live, assertions, {
      scopeSet: input.scopeSet,
      at: input.at,
      confidenceFloor: CONFIDENCE_FLOOR,
      newId: (kind) => input.newId(ID_PREFIX[kind]),
    });
    await writer.applyFacts(input.context, change, input.at);
    const last = input.turns[indexes.at(-1) ?? -1];
    results.push(
      describe(
        change,
        entities,
        last === undefined ? "" : turnId(last.sessionId, last.seq),
        input,
        indexes,
      ),
    );
  }
  return results;
}

function createEntityTable(writer: Writer, input: ApplyInput): EntityTable {
  const records = new Map<number, EntityRecord>();
  const created = new Set<number>();
  return {
    records,
    created,
    async intern(type, name, category) {
      const interned = await writer.internEntity(
        input.context,
        {
          scopeSet: input.scopeSet,
          type: normalizeEntityType(type),
          name: name.trim(),
          normalName: normalizeEntityName(name),
          category,
        },
        input.at,
      );
      records.set(interned.entity.key, interned.entity);
      if (interned.created) created.add(interned.entity.key);
      return interned.entity.key;
    },
  };
}

async function turnAssertions(
  input: ApplyInput,
  indexes: readonly number[],
  entities: EntityTable,
): Promise<Assertion[]> {
  const assertions: Assertion[] = [];
  const wanted = (id: string): TurnRecord | undefined => {
    const index = Number(id);
    return indexes.includes(index) && input.fresh.has(index) ? input.turns[index] : undefined;
  };
  for (const fact of input.extraction.facts) {
    const turn = wanted(fact.turnId);
    if (turn === undefined) continue;
    const category = input.category ?? fact.category;
    assertions.push({
      kind: fact.targetType === undefined ? "attribute" : "relation",
      entity: await entities.intern(fact.entity.type, fact.entity.name, category),
      key: fact.key,
      value: fact.value,
      object:
        fact.targetType === undefined
          ? null
          : await entities.intern(fact.targetType, fact.value, category),
      category,
      polarity: fact.polarity,
      confidence: fact.confidence,
      validFrom: fact.validFrom ?? turn.ts ?? turn.at,
      validTo: fact.validUntil ?? null,
      source: turnSource(input, turn, fact.span),
      labels: input.labels,
    });
  }
  for (const instruction of input.extraction.instructions) {
    const turn = wanted(instruction.turnId);
    if (turn === undefined) continue;
    assertions.push({
      kind: "instruction",
      entity: null,
      key: instruction.label,
      value: instruction.active ? instruction.description : "",
      object: null,
      category: "identity",
      polarity: instruction.active ? "affirm" : "negate",
      confidence: instruction.confidence,
      validFrom: turn.ts ?? turn.at,
      validTo: null,
      source: turnSource(input, turn, instruction.span),
      labels: input.labels,
    });
  }
  return assertions;
}

function turnSource(
  input: ApplyInput,
  turn: TurnRecord,
  span: { start: number; end: number } | null,
): FactSource {
  return {
    kind: "turn",
    turn: turn.key,
    role: turn.role,
    trust: priorTrust("turn", turn.role),
    span: span === null ? null : [span.start, span.end],
    principal: input.caller.principal,
    ...(input.caller.onBehalfOf === undefined ? {} : { onBehalfOf: input.caller.onBehalfOf }),
  };
}

async function tripleAssertions(input: ApplyInput, entities: EntityTable): Promise<Assertion[]> {
  const assertions: Assertion[] = [];
  for (const triple of input.triples) {
    const category = input.category ?? triple.memory_category ?? "knowledge";
    const object =
      triple.value === undefined && triple.target !== undefined
        ? await entities.intern(triple.target.type, triple.target.name, category)
        : null;
    assertions.push({
      kind: object === null ? "attribute" : "relation",
      entity: await entities.intern(triple.entity.type, triple.entity.name, category),
      key: triple.key,
      value: triple.value ?? triple.target?.name ?? "",
      object,
      category,
      polarity: "affirm",
      confidence: UPSERT_CONFIDENCE,
      validFrom: input.at,
      validTo: null,
      source: {
        kind: "upsert",
        ref: `trace:${input.traceId}`,
        trust: priorTrust("upsert"),
        principal: input.caller.principal,
        ...(input.caller.onBehalfOf === undefined ? {} : { onBehalfOf: input.caller.onBehalfOf }),
      },
      labels: input.labels,
    });
  }
  return assertions;
}

function describe(
  change: ChangeSet,
  entities: EntityTable,
  turn: string,
  input: ApplyInput,
  indexes: readonly number[],
): ExtractionResult {
  const told = [...change.created, ...change.reinforced];
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
    uncertainties: [
      ...change.uncertainties.map((fact) => ({
        about: [ref(fact.entity), fact.key].filter((part) => part !== "").join(" "),
        reason: fact.value,
      })),
      ...input.extraction.uncertainties
        .filter((item) => indexes.includes(Number(item.turnId)))
        .map(({ about, reason }) => ({ about, reason })),
    ],
    corrections: change.corrections.map((correction) => ({
      entityId: ref(correction.entity),
      key: correction.key,
      oldValue: correction.oldValue,
      newValue: correction.newValue,
    })),
    actions: [],
  };
}
