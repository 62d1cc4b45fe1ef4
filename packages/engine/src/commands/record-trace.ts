import type { Writer } from "../stores/store.ts";
import { requireContext } from "./command.ts";
import type { Caller, CommandSeed } from "./command.ts";

/** Keeps what a read looked for and found, without its text. */
export async function recordTrace(
  writer: Writer,
  input: { caller: Caller; seed: CommandSeed; id: string; kind: string; data: unknown },
): Promise<void> {
  const context = await requireContext(writer, input.caller.context);
  const at = await writer.advanceClock(input.seed.now);
  await writer.appendTrace(
    context,
    {
      id: input.id,
      kind: input.kind,
      scopeSet: null,
      principal: input.caller.principal,
      data: input.data,
    },
    at,
  );
}
