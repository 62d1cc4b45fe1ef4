import type { Writer } from "../stores/store.ts";
import { requireContext } from "./command.ts";

/** Keeps what an embedder made of some turns. */
export async function putVectors(
  writer: Writer,
  input: { context: string; model: string; vectors: ReadonlyMap<number, Int8Array> },
): Promise<void> {
  const context = await requireContext(writer, input.context);
  await writer.putVectors(context, input.model, input.vectors);
}
