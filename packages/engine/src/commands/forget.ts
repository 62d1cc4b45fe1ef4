import { mayWrite } from "../model/clamp.ts";
import { turnId } from "../model/records.ts";
import type { FactSource, Instant, Statement, StoredFact, TurnRecord } from "../model/records.ts";
import type { Writer } from "../stores/store.ts";
import { createIdMaker, once, requireContext } from "./command.ts";
import type { Caller, CommandSeed, IdempotencyRequest, Outcome } from "./command.ts";
import { findTurns } from "./find-turns.ts";
import { addStatements } from "./fold-statements.ts";
import { actor } from "./make-statements.ts";
import { RolledBack } from "./rolled-back.ts";
import { eraseStated, eraseValues, eraseWords, withdrawTurns } from "./withdraw.ts";

export interface ForgetInput {
  caller: Caller;
  seed: CommandSeed;
  idempotency?: IdempotencyRequest | undefined;
  /** Public ids of facts and turns; what the caller may not forget in counts as absent. */
  ids: readonly string[];
  /** Turns that leave recall but stay in the transcript. */
  silence: readonly string[];
  purge: boolean;
  /** Counts, changes nothing. */
  dryRun: boolean;
}

export interface ForgetAnswer {
  deleted: number;
  ids: string[];
  traceId: string;
}

/**
 * Ends facts and takes what states them out of recall; with `purge` erases both, with their history, as if it had
 * never been said (contract 7.13). Later turns may state a forgotten fact again.
 */
export async function forget(writer: Writer, input: ForgetInput): Promise<Outcome<ForgetAnswer>> {
  const context = await requireContext(writer, input.caller.context);
  const outcome = await once(
    writer,
    context,
    input.dryRun ? undefined : input.idempotency,
    input.seed.now,
    async () => ({ status: 200, body: await run(writer, context, input) }),
  );
  if (input.dryRun) throw new RolledBack(outcome);
  return outcome;
}

async function run(writer: Writer, context: number, input: ForgetInput): Promise<ForgetAnswer> {
  const newId = createIdMaker(input.seed);
  const traceId = newId("tr");
  const isAllowed = await allowedSets(writer, context, input.caller);
  const facts = newestVersions(await writer.factVersions(context, input.ids)).filter(
    (fact) => isAllowed(fact.scopeSet) && (input.purge || fact.knownTo === null),
  );
  const turns = (await findTurns(writer, context, input.ids)).filter((turn) =>
    isAllowed(turn.scopeSet),
  );
  const asked = (await findTurns(writer, context, input.silence)).filter((turn) =>
    isAllowed(turn.scopeSet),
  );
  const sets = [...new Set([...facts, ...turns, ...asked].map(({ scopeSet }) => scopeSet))];
  const at =
    sets.length === 0 ? input.seed.now : await writer.lockScopeSets(context, sets, input.seed.now);
  await withdrawTurns(
    writer,
    context,
    turns.filter((turn) => turn.endedAt === null),
    at,
  );
  const { stating, left } = input.purge
    ? await eraseValues(writer, context, facts, at)
    : {
        stating: facts.flatMap((fact) => fact.sources.flatMap(({ turn }) => turn ?? [])),
        left: facts,
      };
  await endFacts(writer, context, left, {
    at,
    now: input.seed.now,
    newId,
    source: { kind: "forget", ref: `trace:${traceId}`, trust: 1, ...actor(input.caller) },
  });
  const silenced = [...asked, ...(await writer.turnsByKey(context, [...new Set(stating)]))].filter(
    (turn) => isAllowed(turn.scopeSet),
  );
  await writer.markTurns(
    context,
    silenced.map(({ key }) => key),
    { recalled: false },
  );
  if (input.purge) {
    await eraseStated(writer, context, await withVersions(writer, context, turns), at);
    await eraseWords(writer, context, silenced, at);
  }
  const ids = [
    ...facts.map(({ id }) => id),
    ...new Set([...turns, ...asked].map((turn) => turnId(turn.sessionId, turn.seq))),
  ];
  await writer.appendTrace(context, {
    id: traceId,
    kind: "decision",
    scopeSet: sets[0] ?? null,
    principal: input.caller.principal,
    at,
    data: { operation: input.purge ? "purge" : "forget", ids },
  });
  return { deleted: ids.length, ids, traceId };
}

/** Ends facts by orders, so that they stay ended when what was said is folded again. */
export async function endFacts(
  writer: Writer,
  context: number,
  facts: readonly StoredFact[],
  order: { at: Instant; now: Instant; newId: (prefix: string) => string; source: FactSource },
): Promise<void> {
  for (const [scopeSet, own] of Map.groupBy(facts, (fact) => fact.scopeSet)) {
    const statements = own.map((fact): Statement => ({
      id: order.newId("st"),
      kind: fact.kind,
      scopeSet,
      entity: fact.entity,
      key: fact.key,
      value: fact.value,
      object: fact.object,
      category: fact.category,
      polarity: "negate",
      confidence: 1,
      validFrom: order.now,
      validTo: null,
      at: order.at,
      source: order.source,
      labels: [],
      turn: null,
      orderAt: order.at,
      origin: 0,
      held: false,
    }));
    await addStatements(writer, context, scopeSet, statements, order.at);
  }
}

/** Where a caller may forget. */
async function allowedSets(
  writer: Writer,
  context: number,
  caller: Caller,
): Promise<(scopeSet: number) => boolean> {
  const sets = await writer.visibleSets(context, { patterns: caller.forget });
  if (sets === "all") return () => true;
  const allowed = new Set<number>();
  for (const set of sets)
    if (mayWrite(await writer.scopeSet(context, set), caller.forget)) allowed.add(set);
  return (set) => allowed.has(set);
}

/** One row for each fact: the believed one, or else the last that was. */
function newestVersions(versions: readonly StoredFact[]): StoredFact[] {
  return [...new Map(versions.map((fact) => [fact.id, fact])).values()];
}

async function withVersions(
  writer: Writer,
  context: number,
  turns: readonly TurnRecord[],
): Promise<TurnRecord[]> {
  const versions = new Map<number, TurnRecord>();
  for (const origin of new Set(turns.map((turn) => turn.origin)))
    for (const turn of await writer.turnVersions(context, origin)) versions.set(turn.key, turn);
  return [...versions.values()];
}
