import { EngineError } from "../model/errors.ts";
import { DECAY_PER_DAY, INITIAL_IMPORTANCE, decayed } from "../model/importance.ts";
import type { Instant, StoredFact } from "../model/records.ts";
import type { Importance, Writer } from "../stores/store.ts";
import { createIdMaker, requireContext } from "./command.ts";
import type { Caller, CommandSeed } from "./command.ts";
import { endFacts } from "./forget.ts";
import { actor } from "./make-statements.ts";

/** How long a context fact holds without being said again (contract 4.2). */
const CONTEXT_TTL_MS = 7 * 24 * 60 * 60 * 1000;
/** Most facts that one sweep looks at. */
const MOST_FACTS = 100_000;

interface LifecycleInput {
  caller: Caller;
  seed: CommandSeed;
}

/** Ends context facts past their time. Idempotent: what has ended is not live. */
export async function expire(writer: Writer, input: LifecycleInput): Promise<{ affected: number }> {
  const context = await requireContext(writer, input.caller.context);
  const before = input.seed.now - CONTEXT_TTL_MS;
  const due = (await liveFacts(writer, context, input)).filter(
    (fact) => fact.category === "context" && fact.kind !== "uncertainty" && lastSaid(fact) < before,
  );
  if (due.length === 0) return { affected: 0 };
  const sets = [...new Set(due.map(({ scopeSet }) => scopeSet))];
  const newId = createIdMaker(input.seed);
  const at = await writer.lockScopeSets(context, sets, input.seed.now);
  const traceId = newId("tr");
  await endFacts(writer, context, due, {
    at,
    now: input.seed.now,
    newId,
    source: { kind: "lifecycle", ref: `trace:${traceId}`, trust: 1, ...actor(input.caller) },
  });
  await writer.appendTrace(context, {
    id: traceId,
    kind: "decision",
    scopeSet: null,
    principal: input.caller.principal,
    at,
    data: { operation: "expire", ids: due.map(({ id }) => id) },
  });
  return { affected: due.length };
}

/** Lowers importance by category for the days since the last time; twice at one instant is once. */
export async function decay(writer: Writer, input: LifecycleInput): Promise<{ affected: number }> {
  const context = await requireContext(writer, input.caller.context);
  const facts = (await liveFacts(writer, context, input)).filter(
    (fact) => DECAY_PER_DAY[fact.category] < 1,
  );
  const held = await writer.importance(
    context,
    facts.map(({ id }) => id),
  );
  const values = new Map<string, Importance>();
  for (const fact of facts) {
    const last = held.get(fact.id) ?? {
      value: INITIAL_IMPORTANCE[fact.category],
      at: fact.createdAt,
    };
    if (last.at >= input.seed.now) continue;
    values.set(fact.id, {
      value: decayed(last, fact.category, input.seed.now),
      at: input.seed.now,
    });
  }
  await writer.setImportance(context, values);
  return { affected: values.size };
}

async function liveFacts(
  writer: Writer,
  context: number,
  input: LifecycleInput,
): Promise<StoredFact[]> {
  if (input.caller.manage.length === 0)
    throw new EngineError("forbidden", "Sweeps need grant:manage.");
  return writer.facts(context, {
    sets: await writer.visibleSets(context, { patterns: input.caller.manage }),
    at: input.seed.now,
    limit: MOST_FACTS,
  });
}

/** A fact that is said again lives on from then. */
function lastSaid(fact: StoredFact): Instant {
  return Math.max(fact.validFrom, fact.knownFrom);
}
