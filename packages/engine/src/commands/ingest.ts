import type {
  ExtractionResult,
  FactsBatchResponse,
  FactsResponse,
  MemoryCategory,
  Role,
  ScopeSets,
  Triple,
} from "@spectron/core/protocol";
import type { Extraction } from "../extract/extractor.ts";
import { mayWrite } from "../model/clamp.ts";
import { EngineError } from "../model/errors.ts";
import { turnId, turnKey } from "../model/records.ts";
import type { Instant, SessionRecord, TurnRecord } from "../model/records.ts";
import type { Writer } from "../stores/store.ts";
import { canonicalClauses, createIdMaker, once, requireContext } from "./command.ts";
import type { Caller, CommandSeed, IdempotencyRequest, Outcome } from "./command.ts";
import { RolledBack } from "./rolled-back.ts";
import { applyExtraction } from "./apply-extraction.ts";
import { mayAppend, openSession } from "./sessions.ts";

/** A message made ready for storing, outside the transaction. */
export interface PreparedMessage {
  role: Role;
  speaker: string | null;
  text: string;
  shown: string | null;
  terms: string;
  clientId: string | null;
  ts: Instant | null;
}

export interface IngestInput {
  caller: Caller;
  seed: CommandSeed;
  idempotency?: IdempotencyRequest | undefined;
  /** Public id of an open session; absent: a session is made. */
  sessionId?: string | undefined;
  scopes?: ScopeSets | undefined;
  messages: readonly PreparedMessage[];
  /** Gated items; `turnId` is the index of the message in `messages`, as text. */
  extraction: Extraction;
  triples: readonly Triple[];
  /** One diff for each message, or one for all. */
  diff: "per_message" | "whole_conversation" | "none";
  /** True: answer as if it had been stored, store nothing. */
  preview: boolean;
  /** Known time of the facts; absent: now. */
  observedAt?: Instant | undefined;
  /** Overrides what the extractor found. */
  category?: MemoryCategory | undefined;
  labels: readonly string[];
  /** Which route answers. */
  answer: { kind: "batch" } | { kind: "fact"; mode: FactsResponse["mode"] };
}

/**
 * The one write path: turns, facts, trace and idempotency answer of one request, in one transaction.
 *
 * @throws EngineError `forbidden` for a session that is absent, closed, foreign or out of region, all alike.
 */
export async function ingest(
  writer: Writer,
  input: IngestInput,
): Promise<Outcome<FactsBatchResponse | FactsResponse>> {
  const context = await requireContext(writer, input.caller.context);
  const now = await writer.advanceClock(input.seed.now);
  const outcome = await once(
    writer,
    input.preview ? undefined : input.idempotency,
    now,
    async () => ({
      status: 200,
      body: await store(writer, context, now, input),
    }),
  );
  if (input.preview) throw new RolledBack(outcome);
  return outcome;
}

async function store(
  writer: Writer,
  context: number,
  now: Instant,
  input: IngestInput,
): Promise<FactsBatchResponse | FactsResponse> {
  const newId = createIdMaker({ ...input.seed, now });
  const session = await resolveSession(writer, context, now, newId, input);
  const scopes = input.scopes === undefined ? session.scopes : canonicalClauses(input.scopes);
  if (!mayWrite(scopes, input.caller.write))
    throw new EngineError("forbidden", "This key may not write to these scopes.");
  const scopeSet = await writer.internScopeSet(context, scopes);
  const stored = await appendMessages(writer, context, now, session, scopeSet, input);
  const traceId = newId("tr");
  const extractions = await applyExtraction(writer, {
    context,
    scopeSet,
    at: input.observedAt ?? now,
    newId,
    traceId,
    caller: input.caller,
    turns: stored.turns,
    fresh: stored.fresh,
    extraction: input.extraction,
    triples: input.triples,
    perMessage: input.diff === "per_message",
    category: input.category,
    labels: input.labels,
  });
  await writer.appendTrace(
    context,
    {
      id: traceId,
      kind: "decision",
      scopeSet,
      principal: input.caller.principal,
      data: summarize(session, stored.turns, extractions),
    },
    now,
  );
  const turnIds = stored.turns.map((turn) => turnId(session.id, turn.seq));
  const sessionId = input.preview ? (input.sessionId ?? "") : session.id;
  if (input.answer.kind === "batch")
    return {
      sessionId,
      turnIds: input.preview ? [] : turnIds,
      extractions: input.diff === "none" ? [] : extractions,
      traceId,
    };
  return {
    mode: input.answer.mode,
    sessionId,
    ...(turnIds[0] === undefined || input.preview ? {} : { turnId: turnIds[0] }),
    ...(input.answer.mode === "none" && turnIds[0] !== undefined
      ? { chunkId: turnIds[0].replace("turn_", "chunk_") }
      : {}),
    ...(input.preview ? { preview: true } : {}),
    ...(input.answer.mode === "none" ? {} : { extraction: extractions[0] }),
    traceId,
  };
}

async function resolveSession(
  writer: Writer,
  context: number,
  now: Instant,
  newId: (prefix: string) => string,
  input: IngestInput,
): Promise<SessionRecord> {
  if (input.sessionId === undefined)
    return openSession(writer, context, {
      caller: input.caller,
      newId,
      now,
      scopes: input.scopes,
      metadata: {},
      externalId: null,
    });
  const session = await writer.session(context, input.sessionId);
  if (session === undefined || session.status !== "open" || !mayAppend(session, input.caller))
    throw new EngineError(
      "forbidden",
      "This session does not accept turns from this key. Create one with POST /sessions.",
    );
  return session;
}

/** Appends what is new; a message id that is already stored with the same words returns its turn. */
async function appendMessages(
  writer: Writer,
  context: number,
  now: Instant,
  session: SessionRecord,
  scopeSet: number,
  input: IngestInput,
): Promise<{ turns: TurnRecord[]; fresh: Set<number> }> {
  const turns: TurnRecord[] = [];
  const fresh = new Set<number>();
  const appended: TurnRecord[] = [];
  let seq = await writer.lockSession(session.key);
  for (const [index, message] of input.messages.entries()) {
    const known =
      message.clientId === null
        ? undefined
        : (appended.find((turn) => turn.clientId === message.clientId) ??
          (await writer.turnByClientId(session.key, message.clientId)));
    if (known !== undefined) {
      if (known.role !== message.role || known.text !== message.text)
        throw new EngineError(
          "message_id_conflict",
          "A message with this id is already stored in the session with other content. Send a new id.",
        );
      turns.push(known);
      continue;
    }
    seq += 1;
    const turn: TurnRecord = {
      ...message,
      key: turnKey(session.key, seq),
      session: session.key,
      sessionId: session.id,
      seq,
      scopeSet,
      at: now,
      principal: input.caller.principal,
    };
    turns.push(turn);
    appended.push(turn);
    fresh.add(index);
  }
  await writer.appendTurns(context, session.key, appended);
  return { turns, fresh };
}

function summarize(
  session: SessionRecord,
  turns: readonly TurnRecord[],
  extractions: readonly ExtractionResult[],
): unknown {
  return {
    session: session.id,
    turns: turns.map((turn) => turn.seq),
    attributes: extractions.flatMap((item) => item.attributes.map(({ id }) => id)),
    corrections: extractions.reduce((sum, item) => sum + item.corrections.length, 0),
    uncertainties: extractions.reduce((sum, item) => sum + item.uncertainties.length, 0),
  };
}
