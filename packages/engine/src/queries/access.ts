import type { IdempotencyRef, FoundKey, Reader, StoredAnswer } from "../stores/store.ts";

/** The key with its principal's grants; undefined for a key of another context. */
export async function findKey(
  reader: Reader,
  input: { context: string; name: string },
): Promise<FoundKey | undefined> {
  return reader.key(input.context, input.name);
}

/** The stored answer of an idempotency key. */
export async function findAnswer(
  reader: Reader,
  input: { ref: IdempotencyRef },
): Promise<StoredAnswer | undefined> {
  return reader.answer(input.ref);
}
