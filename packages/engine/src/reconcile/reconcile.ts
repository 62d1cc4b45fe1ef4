import { normalizeValue } from "../model/entities.ts";
import { factId, isAuthoritative, isOrder } from "../model/records.ts";
import type { FactKind, FactRecord, FactSource, Instant, Statement } from "../model/records.ts";
import { isMultiValued } from "./cardinality.ts";

export interface CorrectionRecord {
  entity: number | null;
  kind: FactKind;
  key: string;
  oldValue: string;
  newValue: string;
}

/** What folding statements led to. */
export interface Outcome {
  created: FactRecord[];
  reinforced: FactRecord[];
  closed: FactRecord[];
  corrections: CorrectionRecord[];
  uncertainties: FactRecord[];
}

export interface FoldOptions {
  /** Least confidence that supersedes (`reconciliation.confidence_floor`). */
  confidenceFloor: number;
}

/**
 * Folds statements into facts, in order (contract 4.6). Pure: facts are a function of the statements, so a repeat
 * changes nothing and a withdrawn statement is undone by folding the others again.
 *
 * @param base facts that earlier statements of the same keys led to; they are copied, not changed
 */
export function fold(
  base: readonly FactRecord[],
  statements: readonly Statement[],
  options: FoldOptions,
): { facts: FactRecord[]; outcome: Outcome } {
  const facts = base.map((fact) => ({ ...fact }));
  const outcome: Outcome = {
    created: [],
    reinforced: [],
    closed: [],
    corrections: [],
    uncertainties: [],
  };
  for (const statement of statements) apply(facts, statement, options, outcome);
  return { facts, outcome };
}

function apply(
  facts: FactRecord[],
  statement: Statement,
  options: FoldOptions,
  outcome: Outcome,
): void {
  const rivals = facts.filter(
    (fact) =>
      fact.kind === statement.kind &&
      fact.entity === statement.entity &&
      fact.key === statement.key &&
      (fact.validTo === null || fact.validTo > statement.orderAt),
  );
  const value = normalizeValue(statement.value);
  const equal = rivals.find(
    (fact) => fact.normalValue === value && fact.object === statement.object,
  );
  const authoritative = isAuthoritative([statement.source]);

  if (statement.polarity === "negate") {
    // Rule 6: an ending closes what it names; without a value it ends whatever holds the key.
    for (const fact of value === "" ? rivals : equal ? [equal] : []) {
      if (isAuthoritative(fact.sources) && !authoritative && !isOrder(statement.source)) continue;
      fact.validTo = Math.max(statement.validFrom, fact.validFrom);
      fact.endedBy = statement.source;
      outcome.closed.push(fact);
    }
    return;
  }
  if (equal !== undefined) {
    reinforce(equal, statement, outcome);
    return;
  }
  const severalAllowed =
    statement.kind === "relation" ||
    statement.kind === "uncertainty" ||
    (statement.kind === "attribute" && isMultiValued(statement.key)) ||
    (statement.kind === "attribute" && statement.category === "context");
  if (severalAllowed || rivals.length === 0) {
    create(facts, statement, outcome);
    return;
  }
  const foreign = rivals.find((fact) => isAuthoritative(fact.sources) !== authoritative);
  const peers = rivals.filter((fact) => isAuthoritative(fact.sources) === authoritative);
  if (foreign !== undefined) {
    // Rule 3: what was said never changes what was decreed, and the other way round.
    doubt(facts, statement, foreign, "cross_provenance", outcome);
    if (peers.length === 0) {
      create(facts, statement, outcome);
      return;
    }
  }
  const newest = peers.toSorted((a, b) => b.validFrom - a.validFrom)[0];
  if (newest === undefined) return;
  if (statement.validFrom < newest.validFrom) {
    // Rule 7: an older truth is history, not the present.
    create(facts, { ...statement, validTo: newest.validFrom }, outcome);
    return;
  }
  const strong =
    statement.confidence >= options.confidenceFloor &&
    peers.every((fact) => statement.confidence >= fact.confidence);
  if (!strong) {
    // Rule 4: too weak to replace; both stay, and the doubt is written down.
    doubt(facts, statement, newest, "confidence_floor", outcome);
    create(facts, statement, outcome);
    return;
  }
  const created = create(facts, statement, outcome);
  created.supersedes = newest.id;
  for (const fact of peers) {
    fact.validTo = created.validFrom;
    fact.supersededBy = created.id;
    outcome.corrections.push({
      entity: statement.entity,
      kind: statement.kind,
      key: statement.key,
      oldValue: fact.value,
      newValue: statement.value,
    });
  }
}

function create(facts: FactRecord[], statement: Statement, outcome: Outcome): FactRecord {
  const fact: FactRecord = {
    id: factId(statement.kind, statement.id),
    kind: statement.kind,
    scopeSet: statement.scopeSet,
    entity: statement.entity,
    key: statement.key,
    value: statement.value,
    normalValue: normalizeValue(statement.value),
    object: statement.object,
    category: statement.category,
    confidence: statement.confidence,
    validFrom: statement.validFrom,
    validTo: statement.validTo,
    knownFrom: statement.at,
    knownTo: null,
    createdAt: statement.at,
    supersedes: null,
    supersededBy: null,
    endedBy: null,
    sources: [statement.source],
    labels: [...statement.labels],
  };
  facts.push(fact);
  outcome.created.push(fact);
  return fact;
}

/** Rule 2: an equal value adds its source and can only raise confidence. */
function reinforce(fact: FactRecord, statement: Statement, outcome: Outcome): void {
  outcome.reinforced.push(fact);
  if (fact.sources.some((source) => isSameSource(source, statement.source))) return;
  fact.sources = [...fact.sources, statement.source];
  fact.confidence = Math.max(fact.confidence, statement.confidence);
}

function isSameSource(a: FactSource, b: FactSource): boolean {
  return a.kind === b.kind && a.turn === b.turn && a.ref === b.ref;
}

function doubt(
  facts: FactRecord[],
  statement: Statement,
  rival: FactRecord,
  reason: "cross_provenance" | "confidence_floor",
  outcome: Outcome,
): void {
  const value = `${reason}: "${rival.value}" or "${statement.value}"`;
  const isKnown = facts.some(
    (fact) =>
      fact.kind === "uncertainty" &&
      fact.entity === statement.entity &&
      fact.key === statement.key &&
      fact.normalValue === normalizeValue(value),
  );
  if (isKnown) return;
  const doubts: Outcome = { ...outcome, created: outcome.uncertainties };
  create(
    facts,
    {
      ...statement,
      kind: "uncertainty",
      value,
      object: null,
      category: "context",
      confidence: 1,
      validFrom: statement.at,
      validTo: null,
      labels: [],
    },
    doubts,
  );
}

/** Rows to end and rows to insert. */
export interface ChangeSet {
  close: number[];
  insert: FactRecord[];
}

/**
 * What turns the live rows of some keys into the folded facts. A fact that is still stated keeps its id, whichever
 * statement now creates it. Belief changes at `at`; facts that no row holds yet are believed from `learnedAt`.
 */
export function align(
  live: readonly (FactRecord & { row: number })[],
  target: readonly FactRecord[],
  at: Instant,
  learnedAt: Instant = at,
): ChangeSet {
  const wantedIds = new Set(target.map(({ id }) => id));
  const rowsById = new Map(live.map((row) => [row.id, row]));
  // a row whose own fact is wanted is not lent to another, so no two facts share an id
  const others = Map.groupBy(
    live.filter(({ id }) => !wantedIds.has(id)),
    identity,
  );
  const ids = new Map<string, string>();
  const used = new Set<number>();
  const pairs = target.map((fact) => {
    const row = rowsById.get(fact.id) ?? others.get(identity(fact))?.shift();
    if (row !== undefined) {
      ids.set(fact.id, row.id);
      used.add(row.row);
    }
    return { fact, row };
  });
  const renamed = (id: string | null): string | null => (id === null ? null : (ids.get(id) ?? id));
  const change: ChangeSet = {
    close: live.flatMap(({ row }) => (used.has(row) ? [] : [row])),
    insert: [],
  };
  for (const { fact, row } of pairs) {
    const wanted: FactRecord = {
      ...fact,
      id: row?.id ?? fact.id,
      createdAt: row?.createdAt ?? fact.createdAt,
      supersedes: renamed(fact.supersedes),
      supersededBy: renamed(fact.supersededBy),
      knownFrom: row === undefined ? learnedAt : at,
      knownTo: null,
    };
    if (row !== undefined && isEqualVersion(row, wanted)) continue;
    if (row !== undefined) change.close.push(row.row);
    change.insert.push(wanted);
  }
  return change;
}

function identity(fact: FactRecord): string {
  return JSON.stringify([fact.kind, fact.entity, fact.key, fact.normalValue, fact.object]);
}

function isEqualVersion(a: FactRecord, b: FactRecord): boolean {
  return (
    a.value === b.value &&
    a.category === b.category &&
    a.confidence === b.confidence &&
    a.validFrom === b.validFrom &&
    a.validTo === b.validTo &&
    a.supersedes === b.supersedes &&
    a.supersededBy === b.supersededBy &&
    JSON.stringify([a.endedBy, a.sources, a.labels]) ===
      JSON.stringify([b.endedBy, b.sources, b.labels])
  );
}
