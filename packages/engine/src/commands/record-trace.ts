import type { TraceRecord, Writer } from "../stores/store.ts";
import { DECAY_PER_DAY, INITIAL_IMPORTANCE, REINFORCEMENT, decayed } from "../model/importance.ts";
import { requireContext } from "./command.ts";
import type { Caller, CommandSeed } from "./command.ts";

/** Keeps what a read looked for and found, without its text. */
export async function recordTrace(
  writer: Writer,
  input: {
    caller: Caller;
    seed: CommandSeed;
    id: string;
    kind: TraceRecord["kind"];
    data: TraceRecord["data"];
  },
): Promise<void> {
  const context = await requireContext(writer, input.caller.context);
  await writer.appendTrace(context, {
    id: input.id,
    kind: input.kind,
    scopeSet: null,
    principal: input.caller.principal,
    at: input.seed.now,
    data: input.data,
  });
  if (input.kind === "retrieval")
    await reinforce(writer, context, returnedIds(input.data["returned"]), input.seed.now);
}

function returnedIds(returned: unknown): string[] {
  return Array.isArray(returned) ? returned.map(({ id }: { id: string }) => id) : [];
}

/** What is recalled is held more strongly, up to 1 (contract 4.2); turns have no importance. */
async function reinforce(
  writer: Writer,
  context: number,
  ids: readonly string[],
  now: number,
): Promise<void> {
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
