import { normalizeValue } from "../model/entities.ts";
import { turnId } from "../model/records.ts";
import type {
  Instant,
  Statement,
  StoredFact,
  StoredStatement,
  TurnRecord,
} from "../model/records.ts";
import type { Writer } from "../stores/store.ts";
import { keysBySet, refold } from "./fold-statements.ts";

/**
 * Takes turns out of the conversation and undoes what only they stated; the caller holds the locks. Answers with the
 * ids of facts that are no longer believed.
 */
export async function withdrawTurns(
  writer: Writer,
  context: number,
  turns: readonly TurnRecord[],
  at: Instant,
): Promise<string[]> {
  const statements = (
    await writer.statements(context, { turns: turns.map(({ key }) => key) })
  ).filter(({ endedAt }) => endedAt === null);
  await writer.endTurns(
    context,
    turns.map(({ key }) => ({ key, revisedBy: null })),
    at,
  );
  await writer.endStatements(
    context,
    statements.map(({ row }) => row),
    at,
  );
  const closed: string[] = [];
  for (const [scopeSet, keys] of keysBySet(statements))
    for (const fact of (await refold(writer, context, scopeSet, keys, at)).closed)
      closed.push(fact.id);
  return closed;
}

/**
 * Erases the words of turns: text, parts, index, stored answers that tell of them, and what they once stated and no
 * longer state. They leave the conversation; what they state now stays, and so do their positions.
 */
export async function eraseWords(
  writer: Writer,
  context: number,
  turns: readonly TurnRecord[],
  at: Instant,
): Promise<void> {
  const statements = await writer.statements(context, { turns: turns.map(({ key }) => key) });
  await eraseStatements(
    writer,
    context,
    statements.filter(({ endedAt }) => endedAt !== null),
  );
  await writer.endTurns(
    context,
    turns.filter(({ endedAt }) => endedAt === null).map(({ key }) => ({ key, revisedBy: null })),
    at,
  );
  await writer.eraseTurns(
    context,
    turns.map(({ key }) => key),
  );
  await redactAnswers(
    writer,
    context,
    turns.map(({ sessionId, seq }) => turnId(sessionId, seq)),
  );
}

/** Erases turns together with their statements and the facts, past and present, that nothing else states. */
export async function eraseStated(
  writer: Writer,
  context: number,
  turns: readonly TurnRecord[],
  at: Instant,
): Promise<void> {
  await eraseStatements(
    writer,
    context,
    await writer.statements(context, { turns: turns.map(({ key }) => key) }),
  );
  await eraseWords(writer, context, turns, at);
}

/**
 * Erases what some facts hold, whoever stated it and whenever, and brings the rest of their keys to where it would be
 * without. The caller holds the locks. Answers with the turns that stated it, and with what the other facts lead to by
 * themselves: doubts, which nothing states.
 */
export async function eraseValues(
  writer: Writer,
  context: number,
  facts: readonly StoredFact[],
  at: Instant,
): Promise<{ stating: number[]; left: StoredFact[] }> {
  const stating = new Set<number>();
  const left: StoredFact[] = [];
  for (const [scopeSet, own] of Map.groupBy(facts, (fact) => fact.scopeSet)) {
    const keys = [...new Set(own.map(({ key }) => key))];
    const values = new Set(own.map(valueOf));
    const statements = (await writer.statements(context, { scopeSet, keys, all: true })).filter(
      (statement) => values.has(valueOf(statement)),
    );
    for (const { turn } of statements) if (turn !== null) stating.add(turn);
    await writer.eraseStatements(
      context,
      statements.map(({ row }) => row),
    );
    const versions = (await writer.factHistory(context, scopeSet, keys)).filter(
      (fact) => values.has(valueOf(fact)) || own.some((other) => isDoubtAbout(fact, other)),
    );
    await eraseVersions(writer, context, versions);
    await refold(writer, context, scopeSet, keys, at);
    await writer.eraseEntities(context, entitiesOf([...statements, ...versions]));
    const believed = await writer.believedFacts(context, scopeSet, keys);
    left.push(...believed.filter((fact) => values.has(valueOf(fact))));
  }
  return { stating: [...stating], left };
}

/** Erases statements, and facts of theirs that have no other source. */
async function eraseStatements(
  writer: Writer,
  context: number,
  statements: readonly StoredStatement[],
): Promise<void> {
  await writer.eraseStatements(
    context,
    statements.map(({ row }) => row),
  );
  const nameOf = (turn: number | null | undefined, what: string): string =>
    `${String(turn)} ${what}`;
  const erased = new Set(
    statements.flatMap((item) => [
      nameOf(item.turn, valueOf(item)),
      nameOf(item.turn, subjectOf(item)),
    ]),
  );
  for (const [scopeSet, keys] of keysBySet(statements)) {
    const versions = await writer.factHistory(context, scopeSet, keys);
    const isErased = (fact: StoredFact): boolean => {
      // a doubt comes of what a turn states about its subject, without being stated itself
      const what = fact.kind === "uncertainty" ? subjectOf(fact) : valueOf(fact);
      return fact.sources.every(({ turn }) => erased.has(nameOf(turn, what)));
    };
    const kept = new Set(versions.filter((fact) => !isErased(fact)).map(({ id }) => id));
    await eraseVersions(
      writer,
      context,
      versions.filter(({ id }) => !kept.has(id)),
    );
  }
  await writer.eraseEntities(context, entitiesOf(statements));
}

async function eraseVersions(
  writer: Writer,
  context: number,
  versions: readonly StoredFact[],
): Promise<void> {
  const ids = [...new Set(versions.map(({ id }) => id))];
  await writer.eraseFacts(context, ids);
  // a later answer may tell what was replaced, by its value alone
  await redactAnswers(writer, context, [...ids, ...new Set(versions.map(({ value }) => value))]);
}

/** Takes what was extracted out of stored answers that hold one of these texts; they may still be replayed. */
async function redactAnswers(
  writer: Writer,
  context: number,
  ids: readonly string[],
): Promise<void> {
  await writer.redactAnswers(
    context,
    ids.map((id) => JSON.stringify(id)),
    withoutExtractions,
  );
}

/** Equal for statements and facts that say the same. */
function valueOf(item: Statement | StoredFact): string {
  return JSON.stringify([
    item.kind,
    item.entity,
    item.key,
    normalizeValue(item.value),
    item.object,
  ]);
}

function subjectOf(item: Statement | StoredFact): string {
  return JSON.stringify([item.entity, item.key]);
}

/** A doubt quotes the values that it is about. */
function isDoubtAbout(doubt: StoredFact, fact: StoredFact): boolean {
  return (
    doubt.kind === "uncertainty" &&
    doubt.entity === fact.entity &&
    doubt.key === fact.key &&
    doubt.value.includes(`"${fact.value}"`)
  );
}

function entitiesOf(items: readonly (Statement | StoredFact)[]): number[] {
  return [
    ...new Set(
      items.flatMap(({ entity, object }) => [entity, object].filter((key) => key !== null)),
    ),
  ];
}

function withoutExtractions(body: string): string {
  const answer = JSON.parse(body) as Record<string, unknown>;
  if ("extractions" in answer) answer["extractions"] = [];
  delete answer["extraction"];
  return JSON.stringify(answer);
}
