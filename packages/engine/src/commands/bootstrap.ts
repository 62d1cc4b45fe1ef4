import type { Instant } from "../model/records.ts";
import type { KeyRecord, Writer } from "../stores/store.ts";

/** Creates the context if it is missing and stores one key of one principal. */
export async function bootstrap(
  writer: Writer,
  input: { key: KeyRecord; now: Instant; contextSecret: string },
): Promise<{ createdContext: boolean }> {
  const { now } = input;
  const known = await writer.contextKey(input.key.context);
  if (known === undefined) await writer.createContext(input.key.context, input.contextSecret, now);
  await writer.putKey(input.key, now);
  return { createdContext: known === undefined };
}
