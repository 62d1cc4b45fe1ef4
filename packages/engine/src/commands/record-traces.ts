import type { TraceRecord, Writer } from "../stores/store.ts";
import { DECAY_PER_DAY, INITIAL_IMPORTANCE, REINFORCEMENT, decayed } from "../model/importance.ts";
import type { Instant } from "../model/records.ts";
import { requireContext } from "./command.ts";

/** What one read looked for and found, without its text. */
export interface ReadTrace {
  context: string;
  principal: string;
  at: Instant;
  id: string;
  kind: TraceRecord["kind"];
  /** As JSON. */
  data: string;
  /** Ids of facts that were recalled. */
  recalled: readonly string[];
}

/** Keeps what was read, and holds more strongly what was recalled. */
export async function recordTraces(
  writer: Writer,
  { traces }: { traces: readonly ReadTrace[] },
): Promise<void> {
  for (const { context: name, recalled, ...trace } of traces) {
    const context = await requireContext(writer, name);
    await writer.appendTrace(context, { ...trace, scopeSet: null });
    await reinforce(writer, context, recalled, trace.at);
  }
}

/** What is recalled is held more strongly, up to 1 (contract 4.2); turns have no importance. */
async function reinforce(
  writer: Writer,
  context: number,
  ids: readonly string[],
  now: number,
): Promise<void> {
  if (ids.length === 0) return;
  const facts = (await writer.factVersions(context, ids)).filter(
    ({ knownTo, category }) => knownTo === null && DECAY_PER_DAY[category] < 1,
  );
  if (facts.length === 0) return;
  const held = await writer.importance(
    context,
    facts.map(({ id }) => id),
  );
  await writer.setImportance(
    context,
    new Map(
      facts.map(({ id, category, createdAt }) => {
        const last = held.get(id) ?? { value: INITIAL_IMPORTANCE[category], at: createdAt };
        const value = Math.min(1, decayed(last, category, now) * REINFORCEMENT);
        return [id, { value, at: now }];
      }),
    ),
  );
}
