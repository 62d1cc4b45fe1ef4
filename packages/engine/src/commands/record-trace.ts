import type { TraceRecord, Writer } from "../stores/store.ts";
import { requireContext } from "./command.ts";
import type { Caller, CommandSeed } from "./command.ts";

/** Keeps what a read looked for and found, without its text. */
export async function recordTrace(
  writer: Writer,
  input: {
    caller: Caller;
    seed: CommandSeed;
    id: string;
    kind: TraceRecord["kind"];
    data: TraceRecord["data"];
  },
): Promise<void> {
  const context = await requireContext(writer, input.caller.context);
  await writer.appendTrace(context, {
    id: input.id,
    kind: input.kind,
    scopeSet: null,
    principal: input.caller.principal,
    at: input.seed.now,
    data: input.data,
  });
}
