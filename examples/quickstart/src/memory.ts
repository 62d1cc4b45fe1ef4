import { createSpectron } from "@spectron/core";
import type { Spectron } from "@spectron/core";
import { embedded } from "@spectron/server";

/** Opens the memory of this example: in this process, on one durable file. */
export async function openMemory(path: string): Promise<Spectron> {
  // #region memory
  const spectron = createSpectron(await embedded({ path }));
  // #endregion
  return spectron;
}
