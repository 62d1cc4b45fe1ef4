import type { MemoryCategory } from "@spectron/core/protocol";
import { normalizeValue } from "../model/entities.ts";
import { isAuthoritative } from "../model/records.ts";
import type { FactKind, FactRecord, FactSource, Instant, StoredFact } from "../model/records.ts";
import { isMultiValued } from "./cardinality.ts";

/** One statement to reconcile, with entities already resolved to internal keys. */
export interface Assertion {
  kind: Exclude<FactKind, "uncertainty">;
  entity: number | null;
  key: string;
  value: string;
  object: number | null;
  category: MemoryCategory;
  polarity: "affirm" | "negate";
  confidence: number;
  validFrom: Instant;
  validTo: Instant | null;
  source: FactSource;
  labels: readonly string[];
}

export interface ReconcileOptions {
  scopeSet: number;
  /** Known time of this write. */
  at: Instant;
  /** Least confidence that supersedes (`reconciliation.confidence_floor`). */
  confidenceFloor: number;
  /** Makes the id of the n-th record of this write. */
  newId: (kind: FactKind) => string;
}

export interface CorrectionRecord {
  entity: number | null;
  kind: FactKind;
  key: string;
  oldValue: string;
  newValue: string;
}

export interface ChangeSet {
  /** Rows whose version ends now. */
  close: number[];
  /** New versions, of new facts and of changed ones. */
  insert: FactRecord[];
  /** What each statement led to, in order. */
  created: FactRecord[];
  reinforced: FactRecord[];
  closed: FactRecord[];
  corrections: CorrectionRecord[];
  uncertainties: FactRecord[];
}

interface Working {
  record: FactRecord;
  row: number | null;
  changed: boolean;
}

/**
 * Reconciles statements with the live facts of one scope set (contract 4.6). Pure: the same input gives the
 * same change set, and replaying a stored statement changes nothing.
 */
export function reconcile(
  live: readonly StoredFact[],
  assertions: readonly Assertion[],
  options: ReconcileOptions,
): ChangeSet {
  const working: Working[] = live.map(({ row, ...record }) => ({ record, row, changed: false }));
  const result: ChangeSet = {
    close: [],
    insert: [],
    created: [],
    reinforced: [],
    closed: [],
    corrections: [],
    uncertainties: [],
  };
  for (const assertion of assertions) apply(working, assertion, options, result);
  for (const item of working) {
    if (!item.changed) continue;
    if (item.row !== null) result.close.push(item.row);
    result.insert.push({ ...item.record, knownFrom: options.at, knownTo: null });
  }
  return result;
}

function apply(
  working: Working[],
  assertion: Assertion,
  options: ReconcileOptions,
  result: ChangeSet,
): void {
  const rivals = working.filter(
    ({ record }) =>
      record.kind === assertion.kind &&
      record.entity === assertion.entity &&
      record.key === assertion.key &&
      (record.validTo === null || record.validTo > options.at),
  );
  const value = normalizeValue(assertion.value);
  const equal = rivals.find(
    ({ record }) => record.normalValue === value && record.object === assertion.object,
  );
  const authoritative = isAuthoritative([assertion.source]);

  if (assertion.polarity === "negate") {
    // Rule 6: an ending closes what it names; without a value it ends whatever holds the key.
    for (const item of value === "" ? rivals : equal ? [equal] : []) {
      if (isAuthoritative(item.record.sources) && !authoritative) continue;
      end(item, Math.max(assertion.validFrom, item.record.validFrom));
      result.closed.push(item.record);
    }
    return;
  }
  if (equal !== undefined) {
    reinforce(equal, assertion, result);
    return;
  }
  const severalAllowed =
    assertion.kind === "relation" ||
    (assertion.kind === "attribute" && isMultiValued(assertion.key)) ||
    (assertion.kind === "attribute" && assertion.category === "context");
  if (severalAllowed || rivals.length === 0) {
    create(working, assertion, options, result);
    return;
  }
  const foreign = rivals.find(({ record }) => isAuthoritative(record.sources) !== authoritative);
  const peers = rivals.filter(({ record }) => isAuthoritative(record.sources) === authoritative);
  if (foreign !== undefined) {
    // Rule 3: what was said never changes what was decreed, and the other way round.
    doubt(working, assertion, foreign.record, "cross_provenance", options, result);
    if (peers.length === 0) {
      create(working, assertion, options, result);
      return;
    }
  }
  const newest = peers.toSorted((a, b) => b.record.validFrom - a.record.validFrom)[0];
  if (newest === undefined) return;
  if (assertion.validFrom < newest.record.validFrom) {
    // Rule 7: an older truth is history, not the present.
    create(working, { ...assertion, validTo: newest.record.validFrom }, options, result);
    return;
  }
  const strong =
    assertion.confidence >= options.confidenceFloor &&
    peers.every(({ record }) => assertion.confidence >= record.confidence);
  if (!strong) {
    doubt(working, assertion, newest.record, "confidence_floor", options, result);
    create(working, assertion, options, result);
    return;
  }
  const created = create(working, assertion, options, result);
  created.record.supersedes = newest.record.id;
  for (const item of peers) {
    end(item, created.record.validFrom);
    item.record.supersededBy = created.record.id;
    result.corrections.push({
      entity: assertion.entity,
      kind: assertion.kind,
      key: assertion.key,
      oldValue: item.record.value,
      newValue: assertion.value,
    });
  }
}

function create(
  working: Working[],
  assertion: Assertion,
  options: ReconcileOptions,
  result: ChangeSet,
): Working {
  const record: FactRecord = {
    id: options.newId(assertion.kind),
    kind: assertion.kind,
    scopeSet: options.scopeSet,
    entity: assertion.entity,
    key: assertion.key,
    value: assertion.value,
    normalValue: normalizeValue(assertion.value),
    object: assertion.object,
    category: assertion.category,
    confidence: assertion.confidence,
    validFrom: assertion.validFrom,
    validTo: assertion.validTo,
    knownFrom: options.at,
    knownTo: null,
    createdAt: options.at,
    supersedes: null,
    supersededBy: null,
    sources: [assertion.source],
    labels: [...assertion.labels],
  };
  const item: Working = { record, row: null, changed: true };
  working.push(item);
  result.created.push(record);
  return item;
}

/** Rule 2: an equal value adds its source and can only raise confidence. */
function reinforce(item: Working, assertion: Assertion, result: ChangeSet): void {
  const { record } = item;
  result.reinforced.push(record);
  if (record.sources.some((source) => sameSource(source, assertion.source))) return;
  item.changed = true;
  record.sources = [...record.sources, assertion.source];
  record.confidence = Math.max(record.confidence, assertion.confidence);
}

function sameSource(a: FactSource, b: FactSource): boolean {
  return a.kind === b.kind && a.turn === b.turn && a.ref === b.ref;
}

function end(item: Working, validTo: Instant): void {
  item.changed = true;
  item.record.validTo = validTo;
}

function doubt(
  working: Working[],
  assertion: Assertion,
  rival: FactRecord,
  reason: "cross_provenance" | "confidence_floor",
  options: ReconcileOptions,
  result: ChangeSet,
): void {
  const value = `${reason}: "${rival.value}" or "${assertion.value}"`;
  const known = working.some(
    ({ record }) =>
      record.kind === "uncertainty" &&
      record.entity === assertion.entity &&
      record.key === assertion.key &&
      record.normalValue === normalizeValue(value),
  );
  if (known) return;
  const record: FactRecord = {
    id: options.newId("uncertainty"),
    kind: "uncertainty",
    scopeSet: options.scopeSet,
    entity: assertion.entity,
    key: assertion.key,
    value,
    normalValue: normalizeValue(value),
    object: null,
    category: "context",
    confidence: 1,
    validFrom: options.at,
    validTo: null,
    knownFrom: options.at,
    knownTo: null,
    createdAt: options.at,
    supersedes: null,
    supersededBy: null,
    sources: [assertion.source],
    labels: [],
  };
  working.push({ record, row: null, changed: true });
  result.uncertainties.push(record);
}
