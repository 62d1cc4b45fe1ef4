import type { Instant } from "../model/records.ts";
import type { Retention, Writer } from "../stores/store.ts";
import { SERVICE } from "./command.ts";

export interface SweepInput {
  retention: Retention;
  now: Instant;
  limit: number;
  /** Does nothing when any process has swept since this many milliseconds. */
  every?: number | undefined;
}

/** Removes expired answers and traces, a bounded number at a time; answers with how many went. */
export async function sweep(writer: Writer, input: SweepInput): Promise<number> {
  if (input.every !== undefined) {
    const last = await writer.setting(SERVICE, "swept_at");
    if (last !== undefined && last > input.now - input.every) return 0;
    await writer.putSetting(SERVICE, "swept_at", input.now);
  }
  return writer.sweep(input.retention, input.now, input.limit);
}
