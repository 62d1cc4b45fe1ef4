import { requireContext } from "../commands/command.ts";
import type { Reader } from "../stores/store.ts";

export interface VectorGapInput {
  context: string;
  model: string;
  /** Public id; absent: the whole context. */
  session?: string | undefined;
  before?: number | undefined;
  limit: number;
}

/** The next turns that a model has to embed, and how far it is with the context. */
export async function readVectorGap(
  reader: Reader,
  input: VectorGapInput,
): Promise<{ turns: { key: number; text: string }[]; embedded: number; total: number }> {
  const context = await requireContext(reader, input.context);
  const session =
    input.session === undefined ? undefined : await reader.session(context, input.session);
  const { turns: total } = await reader.recallSize(context, "all");
  const embedded = await reader.countVectors(context, input.model);
  if (input.session !== undefined && session === undefined) return { turns: [], embedded, total };
  const turns = await reader.turnsWithoutVector(context, input.model, {
    session: session?.key,
    before: input.before,
    limit: input.limit,
  });
  return {
    turns: turns.map(({ key, text, shown }) => ({ key, text: shown ?? text })),
    embedded: Math.min(embedded, total),
    total,
  };
}
