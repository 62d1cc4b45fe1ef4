import { canonicalJson } from "@spectron/core/protocol";
import type { Role } from "@spectron/core/protocol";
import { EngineError } from "../model/errors.ts";
import { turnId, turnKey } from "../model/records.ts";
import type { Instant, SessionRecord, TurnRecord } from "../model/records.ts";
import type { Writer } from "../stores/store.ts";

/** A message made ready for storing, outside the transaction. */
export interface PreparedMessage {
  role: Role;
  speaker: string | null;
  text: string;
  shown: string | null;
  terms: string;
  clientId: string | null;
  ts: Instant | null;
  /** Raw JSON text kept beside the turn. */
  parts: string | null;
  /** False keeps it in the transcript alone. */
  remember: boolean;
  /** Injection findings in the text (contract 7.17). */
  findings: readonly string[];
}

export interface AppendInput {
  context: number;
  session: SessionRecord;
  /** Newest position of the session, from its lock. */
  lastSeq: number;
  scopeSet: number;
  /** Instant of this change, and the clock's own, which may be behind it. */
  at: Instant;
  now: Instant;
  principal: string;
  labels: readonly string[];
  messages: readonly PreparedMessage[];
}

export interface AppendResult {
  /** The turn of each message, stored now or before. */
  turns: TurnRecord[];
  /** Positions in `turns` that this request stored. */
  fresh: Set<number>;
  /** Turns that messages of this request replaced. */
  left: TurnRecord[];
}

/**
 * Appends what is new. A message whose id is stored with the same words returns its turn; with other words it revises
 * that turn and stands in its place (contract 5.6).
 *
 * @throws EngineError `message_id_conflict` for a known id under another role.
 */
export async function appendMessages(writer: Writer, input: AppendInput): Promise<AppendResult> {
  const result: AppendResult = { turns: [], fresh: new Set(), left: [] };
  const appended: TurnRecord[] = [];
  const parts = new Map<number, string>();
  const ended: { key: number; revisedBy: number }[] = [];
  let seq = input.lastSeq;
  for (const [index, message] of input.messages.entries()) {
    const known = await findKnown(writer, input, appended, message);
    if (known !== undefined && (await isRepeat(writer, input.context, known, message, parts))) {
      result.turns.push(known);
      continue;
    }
    seq += 1;
    const turn = makeTurn(input, message, seq, known);
    if (known !== undefined) {
      ended.push({ key: known.key, revisedBy: turn.key });
      result.left.push(known);
      known.endedAt = input.at;
      known.revisedBy = turn.key;
    }
    if (message.parts !== null) parts.set(turn.key, message.parts);
    result.turns.push(turn);
    appended.push(turn);
    result.fresh.add(index);
  }
  // the old version leaves first: one id names one present turn
  await writer.endTurns(
    input.context,
    ended.filter(({ key }) => !appended.some((turn) => turn.key === key)),
    input.at,
  );
  await writer.appendTurns(input.context, input.session.key, appended, parts);
  return result;
}

function makeTurn(
  input: AppendInput,
  { parts: _, remember, findings, ...message }: PreparedMessage,
  seq: number,
  known: TurnRecord | undefined,
): TurnRecord {
  const key = turnKey(input.session.key, seq);
  return {
    ...message,
    key,
    session: input.session.key,
    sessionId: input.session.id,
    seq,
    scopeSet: input.scopeSet,
    said: message.ts ?? known?.said ?? input.now,
    at: input.at,
    firstAt: known?.firstAt ?? input.at,
    principal: input.principal,
    origin: known?.origin ?? key,
    endedAt: null,
    revisedBy: null,
    recalled: remember,
    // what a tool, a document or a model says is never trusted with orders; a person's own words are only marked
    held: findings.length > 0 && message.role !== "user",
    findings: [...findings],
    labels: [...input.labels],
  };
}

async function findKnown(
  writer: Writer,
  input: AppendInput,
  appended: readonly TurnRecord[],
  message: PreparedMessage,
): Promise<TurnRecord | undefined> {
  if (message.clientId === null) return undefined;
  const known =
    appended.findLast((turn) => turn.clientId === message.clientId && turn.endedAt === null) ??
    (await writer.turnByClientId(input.context, input.session.key, message.clientId));
  if (known !== undefined && known.role !== message.role)
    throw new EngineError(
      "message_id_conflict",
      `The message id of ${turnId(known.sessionId, known.seq)} is used for another role. Send a new id.`,
    );
  return known;
}

async function isRepeat(
  writer: Writer,
  context: number,
  known: TurnRecord,
  message: PreparedMessage,
  fresh: ReadonlyMap<number, string>,
): Promise<boolean> {
  if (known.text !== message.text) return false;
  const stored =
    fresh.get(known.key) ?? (await writer.turnParts(context, [known.key])).get(known.key);
  if (message.parts === null || stored === undefined) return true;
  return canonicalJson(JSON.parse(stored)) === canonicalJson(JSON.parse(message.parts));
}
