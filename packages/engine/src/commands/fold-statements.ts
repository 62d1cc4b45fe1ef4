import type { FactRecord, Instant, Statement, StoredStatement } from "../model/records.ts";
import { align, fold } from "../reconcile/reconcile.ts";
import type { Outcome } from "../reconcile/reconcile.ts";
import type { Writer } from "../stores/store.ts";

/** Least confidence at which a statement replaces another of its class. */
const OPTIONS = { confidenceFloor: 0.7 } as const;

/** Adds statements at the end of a scope set's story and brings its facts up to date. */
export async function addStatements(
  writer: Writer,
  context: number,
  scopeSet: number,
  statements: readonly Statement[],
  at: Instant,
): Promise<Outcome> {
  await writer.insertStatements(context, statements);
  const told = statements.filter((statement) => !statement.held);
  const keys = [...new Set(told.map(({ key }) => key))];
  const believed = keys.length === 0 ? [] : await writer.believedFacts(context, scopeSet, keys);
  const { facts, outcome } = fold(believed, told, OPTIONS);
  const learnedAt = told.at(-1)?.at ?? at;
  await writer.applyFacts(context, align(believed, facts, at, learnedAt), at);
  return outcome;
}

/**
 * Folds what is still stated about some keys from the start, in the order of the present conversation, after
 * statements were withdrawn, held, restored or put in an earlier place. `fresh` names the statements whose outcome is told.
 */
export async function refold(
  writer: Writer,
  context: number,
  scopeSet: number,
  keys: readonly string[],
  at: Instant,
  fresh: ReadonlySet<string> = new Set(),
): Promise<{ outcome: Outcome; closed: FactRecord[] }> {
  if (keys.length === 0) return { outcome: emptyOutcome(), closed: [] };
  const live = (await writer.statements(context, { scopeSet, keys })).filter(({ held }) => !held);
  const believed = await writer.believedFacts(context, scopeSet, keys);
  const first = live.findIndex(({ id }) => fresh.has(id));
  const told = first === -1 ? live.length : first;
  const before = fold([], live.slice(0, told), OPTIONS);
  const { facts, outcome } = fold(before.facts, live.slice(told), OPTIONS);
  const change = align(believed, facts, at);
  await writer.applyFacts(context, change, at);
  const kept = new Set(change.insert.map(({ id }) => id));
  const closed = believed.filter((fact) => change.close.includes(fact.row) && !kept.has(fact.id));
  return { outcome, closed };
}

/** Keys that statements speak of, by scope set. */
export function keysBySet(statements: readonly StoredStatement[]): Map<number, string[]> {
  const sets = new Map<number, Set<string>>();
  for (const { scopeSet, key } of statements)
    sets.set(scopeSet, (sets.get(scopeSet) ?? new Set()).add(key));
  return new Map([...sets].map(([set, keys]) => [set, [...keys]]));
}

function emptyOutcome(): Outcome {
  return { created: [], reinforced: [], closed: [], corrections: [], uncertainties: [] };
}
