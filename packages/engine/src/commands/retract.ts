import { isVisible, mayWrite } from "../model/clamp.ts";
import { EngineError } from "../model/errors.ts";
import { parseTurnId, turnKey } from "../model/records.ts";
import type { SessionRecord, TurnRecord } from "../model/records.ts";
import type { Writer } from "../stores/store.ts";
import { createIdMaker, requireContext } from "./command.ts";
import type { Caller, CommandSeed } from "./command.ts";
import { eraseStated, eraseWords, withdrawTurns } from "./withdraw.ts";

export interface RetractInput {
  caller: Caller;
  seed: CommandSeed;
  sessionId: string;
  turnId: string;
  /** Erases instead of ending. */
  purge: boolean;
}

/** Takes one message out of the conversation and undoes what only it stated (contract 5.6). A repeat changes nothing. */
export async function retract(writer: Writer, input: RetractInput): Promise<void> {
  const context = await requireContext(writer, input.caller.context);
  const session = await requireForgettable(writer, context, input.caller, input.sessionId);
  const seq = parseTurnId(session.id, input.turnId);
  const lastSeq = await writer.lockSession(context, session.key);
  const versions =
    seq === undefined || seq > lastSeq ? [] : await versionsOf(writer, context, session, seq);
  if (versions.length === 0) throw new EngineError("not_found", "There is no such turn.");
  const present = versions.filter((turn) => turn.endedAt === null);
  if (present.length === 0 && !input.purge) return;
  const at = await writer.lockScopeSets(
    context,
    [...new Set(versions.map((turn) => turn.scopeSet))],
    input.seed.now,
  );
  const closed = await withdrawTurns(writer, context, present, at);
  if (input.purge) await eraseStated(writer, context, versions, at);
  await writer.appendTrace(context, {
    id: createIdMaker(input.seed)("tr"),
    kind: "decision",
    scopeSet: session.scopeSet,
    principal: input.caller.principal,
    at,
    data: {
      operation: input.purge ? "purge" : "retract",
      session: session.id,
      turns: present.map((turn) => turn.seq),
      closed,
    },
  });
}

/** Erases all turns of a session and closes it; facts stay, without the words behind them (contract 7.3). */
export async function purgeSession(
  writer: Writer,
  input: { caller: Caller; seed: CommandSeed; id: string },
): Promise<void> {
  const context = await requireContext(writer, input.caller.context);
  const session = await requireForgettable(writer, context, input.caller, input.id);
  await writer.closeSession(context, session.key, input.seed.now);
  await writer.lockSession(context, session.key);
  const turns: TurnRecord[] = [];
  for (let after: { origin: number; key: number } | undefined; ;) {
    const page = await writer.turns(context, {
      session: session.key,
      view: "all",
      limit: 500,
      ...(after === undefined ? {} : { after }),
    });
    turns.push(...page);
    const last = page.at(-1);
    if (last === undefined) break;
    after = { origin: last.origin, key: last.key };
  }
  const sets = [...new Set([session.scopeSet, ...turns.map((turn) => turn.scopeSet)])];
  const at = await writer.lockScopeSets(context, sets, input.seed.now);
  await eraseWords(writer, context, turns, at);
  await writer.appendTrace(context, {
    id: createIdMaker(input.seed)("tr"),
    kind: "decision",
    scopeSet: session.scopeSet,
    principal: input.caller.principal,
    at,
    data: { operation: "purge", session: session.id, turns: turns.length },
  });
}

async function requireForgettable(
  writer: Writer,
  context: number,
  caller: Caller,
  id: string,
): Promise<SessionRecord> {
  const session = await writer.session(context, id);
  if (session === undefined || !isVisible(session.scopes, { patterns: caller.read }))
    throw new EngineError("not_found", "There is no such session.");
  if (!mayWrite(session.scopes, caller.forget))
    throw new EngineError("forbidden", "This key may not forget in the scopes of this session.");
  return session;
}

/** All versions of the message that stands at a position. */
async function versionsOf(
  writer: Writer,
  context: number,
  session: SessionRecord,
  seq: number,
): Promise<TurnRecord[]> {
  const [asked] = await writer.turnsByKey(context, [turnKey(session.key, seq)]);
  if (asked === undefined) return [];
  return writer.turnVersions(context, asked.origin);
}
