import type { MemoryCategory, Triple } from "@spectron/core/protocol";
import type { Extraction } from "../extract/extractor.ts";
import { normalizeEntityName, normalizeEntityType } from "../model/entities.ts";
import { priorTrust } from "../model/records.ts";
import type {
  EntityRecord,
  FactKind,
  FactSource,
  Instant,
  Statement,
  TurnRecord,
} from "../model/records.ts";
import type { Writer } from "../stores/store.ts";
import type { Caller } from "./command.ts";

export interface StatementContext {
  context: number;
  scopeSet: number;
  /** Instant of this change. */
  at: Instant;
  /** The clock's own, which may be behind it. */
  now: Instant;
  /** When the service learned what is stated; absent: at this change. */
  observedAt?: Instant | undefined;
  newId: (prefix: string) => string;
  caller: Caller;
  /** Overrides what the extractor found. */
  category: MemoryCategory | undefined;
  labels: readonly string[];
  entities: EntityTable;
}

/** Entities that this request speaks of. */
export interface EntityTable {
  records: Map<number, EntityRecord>;
  created: Set<number>;
  intern(type: string, name: string, category: MemoryCategory): Promise<number>;
}

const UPSERT_CONFIDENCE = 0.95;

export function createEntityTable(
  writer: Writer,
  input: { context: number; scopeSet: number; at: Instant },
): EntityTable {
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

/** What gated items of some turns state. `turnOf` gives an item's turn, or undefined for one that is left out. */
export async function turnStatements(
  input: StatementContext,
  extraction: Extraction,
  turnOf: (turnId: string) => TurnRecord | undefined,
): Promise<Statement[]> {
  const statements: Statement[] = [];
  for (const fact of extraction.facts) {
    const turn = turnOf(fact.turnId);
    if (turn === undefined) continue;
    const category = input.category ?? fact.category;
    const isRelation = fact.targetType !== undefined;
    statements.push({
      ...said(input, turn, isRelation ? "relation" : "attribute", fact.span),
      entity: await input.entities.intern(fact.entity.type, fact.entity.name, category),
      key: fact.key,
      value: fact.value,
      object: isRelation
        ? await input.entities.intern(fact.targetType ?? "other", fact.value, category)
        : null,
      category,
      polarity: fact.polarity,
      confidence: fact.confidence,
      validFrom: fact.validFrom ?? turn.said,
      validTo: fact.validUntil ?? null,
    });
  }
  for (const instruction of extraction.instructions) {
    const turn = turnOf(instruction.turnId);
    if (turn === undefined) continue;
    statements.push({
      ...said(input, turn, "instruction", instruction.span),
      entity: null,
      key: instruction.label,
      value: instruction.active ? instruction.description : "",
      object: null,
      category: "identity",
      polarity: instruction.active ? "affirm" : "negate",
      confidence: instruction.confidence,
      validFrom: turn.said,
      validTo: null,
    });
  }
  for (const doubt of extraction.uncertainties) {
    const turn = turnOf(doubt.turnId);
    if (turn === undefined) continue;
    statements.push({
      ...said(input, turn, "uncertainty", null),
      entity: null,
      key: doubt.about,
      value: doubt.reason,
      object: null,
      category: "context",
      polarity: "affirm",
      confidence: 1,
      validFrom: turn.said,
      validTo: null,
    });
  }
  return statements;
}

type Common = Pick<
  Statement,
  "id" | "kind" | "scopeSet" | "at" | "source" | "labels" | "turn" | "orderAt" | "origin" | "held"
>;

function said(
  input: StatementContext,
  turn: TurnRecord,
  kind: FactKind,
  span: { start: number; end: number } | null,
): Common {
  return {
    id: input.newId("st"),
    kind,
    scopeSet: input.scopeSet,
    at: input.observedAt ?? input.at,
    source: {
      kind: "turn",
      turn: turn.key,
      role: turn.role,
      trust: priorTrust("turn", turn.role),
      span: span === null ? null : [span.start, span.end],
      ...actor(input.caller),
    },
    labels: [...input.labels],
    turn: turn.key,
    orderAt: turn.firstAt,
    origin: turn.origin,
    held: turn.held,
  };
}

/** What triples state: upserts, authoritative. */
export async function tripleStatements(
  input: StatementContext,
  triples: readonly Triple[],
  traceId: string,
): Promise<Statement[]> {
  const statements: Statement[] = [];
  for (const triple of triples) {
    const category = input.category ?? triple.memory_category ?? "knowledge";
    const isRelation = triple.value === undefined && triple.target !== undefined;
    statements.push({
      id: input.newId("st"),
      kind: isRelation ? "relation" : "attribute",
      scopeSet: input.scopeSet,
      entity: await input.entities.intern(triple.entity.type, triple.entity.name, category),
      key: triple.key,
      value: triple.value ?? triple.target?.name ?? "",
      object:
        isRelation && triple.target !== undefined
          ? await input.entities.intern(triple.target.type, triple.target.name, category)
          : null,
      category,
      polarity: "affirm",
      confidence: UPSERT_CONFIDENCE,
      validFrom: input.observedAt ?? input.now,
      validTo: null,
      at: input.observedAt ?? input.at,
      source: {
        kind: "upsert",
        ref: `trace:${traceId}`,
        trust: priorTrust("upsert"),
        ...actor(input.caller),
      },
      labels: [...input.labels],
      turn: null,
      orderAt: input.at,
      origin: 0,
      held: false,
    });
  }
  return statements;
}

/** Who acts, as provenance keeps it. */
export function actor(caller: Caller): Pick<FactSource, "principal" | "onBehalfOf"> {
  return {
    principal: caller.principal,
    ...(caller.onBehalfOf === undefined ? {} : { onBehalfOf: caller.onBehalfOf }),
  };
}
