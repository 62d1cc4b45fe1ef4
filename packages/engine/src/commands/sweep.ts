import type { Instant } from "../model/records.ts";
import type { Retention, Writer } from "../stores/store.ts";

/** Removes expired answers and traces, a bounded number at a time; answers with how many went. */
export async function sweep(
  writer: Writer,
  input: { retention: Retention; now: Instant; limit: number },
): Promise<number> {
  return writer.sweep(input.retention, input.now, input.limit);
}
