import type { Instant } from "../model/records.ts";
import type { Writer } from "../stores/store.ts";
import { SERVICE } from "./command.ts";

/** Notes that time has come this far, so that no later process believes in an earlier one. */
export async function keepTime(writer: Writer, { now }: { now: Instant }): Promise<void> {
  const known = await writer.setting(SERVICE, "kept_at");
  if (known === undefined || known < now) await writer.putSetting(SERVICE, "kept_at", now);
}
