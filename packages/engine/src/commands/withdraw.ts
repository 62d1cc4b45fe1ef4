import { turnId } from "../model/records.ts";
import type { FactSource, Instant, StoredFact, TurnRecord } from "../model/records.ts";
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

/** Erases the words of turns: text, parts, index, and stored answers that tell of them. The positions stay. */
export async function eraseWords(
  writer: Writer,
  context: number,
  turns: readonly TurnRecord[],
): Promise<void> {
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

/** Takes what was extracted out of stored answers that name these records; they may still be replayed. */
export async function redactAnswers(
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

/** Erases turns together with their statements and the facts, past and present, that nothing else states. */
export async function eraseStated(
  writer: Writer,
  context: number,
  turns: readonly TurnRecord[],
): Promise<void> {
  const keys = new Set(turns.map(({ key }) => key));
  const statements = await writer.statements(context, { turns: [...keys] });
  await writer.eraseStatements(
    context,
    statements.map(({ row }) => row),
  );
  const versions: StoredFact[] = [];
  for (const [scopeSet, names] of keysBySet(statements))
    versions.push(...(await writer.factHistory(context, scopeSet, names)));
  const isErased = ({ turn }: FactSource): boolean => turn !== undefined && keys.has(turn);
  const kept = new Set(
    versions.filter((fact) => !fact.sources.every(isErased)).map(({ id }) => id),
  );
  await writer.eraseFacts(
    context,
    [...new Set(versions.map(({ id }) => id))].filter((id) => !kept.has(id)),
  );
  await eraseWords(writer, context, turns);
}

function withoutExtractions(body: string): string {
  const answer = JSON.parse(body) as Record<string, unknown>;
  if ("extractions" in answer) answer["extractions"] = [];
  delete answer["extraction"];
  return JSON.stringify(answer);
}
