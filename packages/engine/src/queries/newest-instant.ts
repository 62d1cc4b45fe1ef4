import type { Instant } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";

/** How far time has come by what is stored. */
export async function newestInstant(reader: Reader): Promise<Instant> {
  return reader.newestInstant();
}
