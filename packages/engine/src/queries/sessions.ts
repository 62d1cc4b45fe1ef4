import type { SessionResponse, TurnResponse, TurnsResponse } from "@spectron/core/protocol";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import { toSessionResponse } from "../commands/sessions.ts";
import { isVisible } from "../model/clamp.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { EngineError } from "../model/errors.ts";
import { parseTurnId, splitTurnKey, turnId, turnKey } from "../model/records.ts";
import type { SessionRecord, TurnRecord } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";

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
  const { context, session } = await requireSession(reader, input.caller, input.id);
  return toSessionResponse(session, await reader.countSessionTurns(context, session.key));
}

export interface ListSessionsInput {
  caller: Caller;
  clamp: ReadClamp;
  status?: "open" | "closed" | undefined;
  externalId?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** Sessions that the caller may read, newest first. */
export async function listSessions(
  reader: Reader,
  input: ListSessionsInput,
): Promise<{ sessions: SessionResponse[]; page: { hasMore: boolean; nextCursor?: string } }> {
  const context = await requireContext(reader, input.caller.context);
  const list = ["sessions", input.status ?? "", input.externalId ?? ""];
  const rows = await reader.sessions(context, {
    sets: await reader.visibleSets(context, input.clamp),
    status: input.status,
    externalId: input.externalId,
    before: input.cursor === undefined ? undefined : decodeCursor(list, input.cursor, 1)[0],
    limit: input.limit + 1,
  });
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  const hasMore = rows.length > input.limit;
  return {
    sessions: page.map((session) => toSessionResponse(session)),
    page: {
      hasMore,
      ...(hasMore && last !== undefined ? { nextCursor: encodeCursor(list, [last.key]) } : {}),
    },
  };
}

export interface ListTurnsInput {
  caller: Caller;
  id: string;
  /** @default 0 */
  offset?: number | undefined;
  cursor?: string | undefined;
  limit: number;
  /** @default "oldest" */
  order?: "oldest" | "newest" | undefined;
  clientId?: string | undefined;
  /** Also turns that were revised or retracted, in the order of their arrival. */
  includeRevised?: boolean | undefined;
  /** Also the platform's own messages. */
  parts?: boolean | undefined;
  count?: boolean | undefined;
}

/** Turns of a session in the order of the conversation. */
export async function listTurns(reader: Reader, input: ListTurnsInput): Promise<TurnsResponse> {
  const { context, session } = await requireSession(reader, input.caller, input.id);
  const view = input.includeRevised === true ? "all" : "current";
  const order = input.order ?? "oldest";
  const list = ["turns", session.id, view, order, input.clientId ?? ""];
  const [origin = 0, key = 0] =
    input.cursor === undefined ? [] : decodeCursor(list, input.cursor, 2);
  const rows = await reader.turns(context, {
    session: session.key,
    view,
    order,
    clientId: input.clientId,
    ...(input.cursor === undefined
      ? {}
      : { after: { origin: turnKey(session.key, origin), key: turnKey(session.key, key) } }),
    offset: input.offset,
    limit: input.limit + 1,
  });
  const turns = rows.slice(0, input.limit);
  const last = turns.at(-1);
  const parts =
    input.parts === true
      ? await reader.turnParts(
          context,
          turns.map((turn) => turn.key),
        )
      : undefined;
  const total =
    input.count !== true
      ? undefined
      : view === "all"
        ? session.lastSeq
        : await reader.countSessionTurns(context, session.key);
  return {
    turns: turns.map((turn) => toTurnResponse(turn, parts?.get(turn.key))),
    page: {
      hasMore: rows.length > input.limit,
      ...(rows.length > input.limit && last !== undefined
        ? { nextCursor: encodeCursor(list, [splitTurnKey(last.origin).seq, last.seq]) }
        : {}),
      ...(total === undefined ? {} : { totalSize: total }),
    },
  };
}

/** One turn of a session, whatever became of it. */
export async function getTurn(
  reader: Reader,
  input: { caller: Caller; sessionId: string; turnId: string; parts: boolean },
): Promise<TurnResponse> {
  const { context, session } = await requireSession(reader, input.caller, input.sessionId);
  const seq = parseTurnId(session.id, input.turnId);
  const [turn] =
    seq === undefined ? [] : await reader.turnsByKey(context, [turnKey(session.key, seq)]);
  if (turn === undefined) throw new EngineError("not_found", "There is no such turn.");
  return toTurnResponse(
    turn,
    input.parts ? (await reader.turnParts(context, [turn.key])).get(turn.key) : undefined,
  );
}

function toTurnResponse(turn: TurnRecord, parts: string | undefined): TurnResponse {
  return {
    id: turnId(turn.sessionId, turn.seq),
    session: turn.sessionId,
    role: turn.role,
    content: turn.text,
    seq: turn.seq,
    createdAt: new Date(turn.at).toISOString(),
    ts: turn.ts === null ? null : new Date(turn.ts).toISOString(),
    clientId: turn.clientId,
    ...(parts === undefined ? {} : { parts: JSON.parse(parts) as unknown }),
    ...(turn.recalled ? {} : { remember: false }),
    ...(turn.origin === turn.key
      ? {}
      : { revises: turnId(turn.sessionId, splitTurnKey(turn.origin).seq) }),
    ...(turn.revisedBy === null
      ? {}
      : { revisedBy: turnId(turn.sessionId, splitTurnKey(turn.revisedBy).seq) }),
    ...(turn.endedAt === null ? {} : { endedAt: new Date(turn.endedAt).toISOString() }),
  };
}
