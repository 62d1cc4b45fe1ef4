import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import type { Reader } from "../stores/store.ts";
import { requireSession } from "./sessions.ts";

/** The clamp of a read, narrowed to the scopes of a session when one is named. */
export async function narrowed(
  reader: Reader,
  input: { caller: Caller; clamp: ReadClamp; sessionId?: string | undefined },
): Promise<ReadClamp> {
  if (input.sessionId === undefined) return input.clamp;
  const { session } = await requireSession(reader, input.caller, input.sessionId);
  return { ...input.clamp, lens: session.scopes };
}
