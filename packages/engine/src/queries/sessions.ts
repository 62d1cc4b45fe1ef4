import type { SessionResponse, TurnsResponse } from "@spectron/core/protocol";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import { toSessionResponse } from "../commands/sessions.ts";
import { isVisible } from "../model/clamp.ts";
import { EngineError } from "../model/errors.ts";
import { turnId } from "../model/records.ts";
import type { SessionRecord } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";

/** A session that the caller may read; absent and invisible look alike. */
export async function requireSession(
  reader: Reader,
  caller: Caller,
  id: string,
): Promise<{ context: number; session: SessionRecord }> {
  const context = await requireContext(reader, caller.context);
  const session = await reader.session(context, id);
  if (session === undefined || !isVisible(session.scopes, { patterns: caller.read }))
    throw new EngineError("not_found", "There is no such session.");
  return { context, session };
}

export async function getSession(
  reader: Reader,
  input: { caller: Caller; id: string },
): Promise<SessionResponse> {
  const { session } = await requireSession(reader, input.caller, input.id);
  return toSessionResponse(session);
}

/** Turns oldest first, from after `offset` positions. */
export async function listTurns(
  reader: Reader,
  input: { caller: Caller; id: string; offset: number; limit: number; count: boolean },
): Promise<TurnsResponse> {
  const { session } = await requireSession(reader, input.caller, input.id);
  const rows = await reader.turns({
    session: session.key,
    afterSeq: input.offset,
    limit: input.limit + 1,
  });
  const turns = rows.slice(0, input.limit);
  const last = turns.at(-1);
  return {
    turns: turns.map((turn) => ({
      id: turnId(session.id, turn.seq),
      session: session.id,
      role: turn.role,
      content: turn.text,
      seq: turn.seq,
      createdAt: new Date(turn.at).toISOString(),
      ts: turn.ts === null ? null : new Date(turn.ts).toISOString(),
      clientId: turn.clientId,
    })),
    page: {
      hasMore: rows.length > input.limit,
      ...(rows.length > input.limit && last !== undefined
        ? { nextCursor: Buffer.from(`turns:${session.id}:${last.seq}`).toString("base64url") }
        : {}),
      ...(input.count ? { totalSize: session.lastSeq } : {}),
    },
  };
}
