import type { Spectron } from "../client/spectron.ts";
import { idempotencyKey } from "../identity/key.ts";
import type { KeyKind } from "../identity/key.ts";
import type { MemoryBinding } from "./types.ts";

/** The key of one write for a binding. */
export async function bindingKey(
  writer: { spectron: Spectron; adapter: string },
  binding: MemoryBinding,
  kind: KeyKind,
  units: readonly string[],
): Promise<string> {
  return idempotencyKey({
    adapter: writer.adapter,
    context: writer.spectron.context,
    scopes: [[binding.scope]],
    thread: binding.session,
    kind,
    units,
  });
}
