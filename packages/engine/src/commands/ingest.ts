import type {
  ExtractionResult,
  FactsBatchResponse,
  FactsResponse,
  MemoryCategory,
  ScopeSets,
  Triple,
} from "@spectron/core/protocol";
import type { Extraction } from "../extract/extractor.ts";
import { mayWrite } from "../model/clamp.ts";
import { EngineError } from "../model/errors.ts";
import { turnId } from "../model/records.ts";
import type { Instant, SessionRecord } from "../model/records.ts";
import type { Outcome as FoldOutcome } from "../reconcile/reconcile.ts";
import type { Writer } from "../stores/store.ts";
import { appendMessages } from "./append-messages.ts";
import type { AppendResult, PreparedMessage } from "./append-messages.ts";
import { canonicalClauses, createIdMaker, once, requireContext } from "./command.ts";
import type { Caller, CommandSeed, IdempotencyRequest, Outcome } from "./command.ts";
import { describeOutcome } from "./describe-outcome.ts";
import { addStatements, keysBySet, refold } from "./fold-statements.ts";
import { createEntityTable, tripleStatements, turnStatements } from "./make-statements.ts";
import type { StatementContext } from "./make-statements.ts";
import { RolledBack } from "./rolled-back.ts";
import { mayAppend, openSession } from "./sessions.ts";

export interface IngestInput {
  caller: Caller;
  seed: CommandSeed;
  idempotency?: IdempotencyRequest | undefined;
  /** Public id of an open session; absent: a session is made. */
  sessionId?: string | undefined;
  scopes?: ScopeSets | undefined;
  messages: readonly PreparedMessage[];
  /** Turn that must be the session's newest, or null for none; absent: whatever is. */
  after?: string | null | undefined;
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
 * The one write path: turns, statements, facts, trace and idempotency answer of one request, in one transaction.
 *
 * @throws EngineError `forbidden` for a session that is absent, closed, foreign or out of region, all alike.
 */
export async function ingest(
  writer: Writer,
  input: IngestInput,
): Promise<Outcome<FactsBatchResponse | FactsResponse>> {
  const context = await requireContext(writer, input.caller.context);
  const outcome = await once(
    writer,
    context,
    input.preview ? undefined : input.idempotency,
    input.seed.now,
    async () => ({ status: 200, body: await store(writer, context, input) }),
  );
  if (input.preview) throw new RolledBack(outcome);
  return outcome;
}

async function store(
  writer: Writer,
  context: number,
  input: IngestInput,
): Promise<FactsBatchResponse | FactsResponse> {
  const newId = createIdMaker(input.seed);
  const session = await resolveSession(writer, context, newId, input);
  const scopes = input.scopes === undefined ? session.scopes : canonicalClauses(input.scopes);
  if (!mayWrite(scopes, input.caller.write))
    throw new EngineError("forbidden", "This key may not write to these scopes.");
  const scopeSet = await writer.internScopeSet(context, scopes);
  const lastSeq = await writer.lockSession(context, session.key);
  checkNewest(session, lastSeq, input.after);
  const at = await writer.lockScopeSets(context, [scopeSet], input.seed.now);
  const stored = await appendMessages(writer, {
    context,
    session,
    lastSeq,
    scopeSet,
    at,
    now: input.seed.now,
    principal: input.caller.principal,
    labels: input.labels,
    messages: input.messages,
  });
  const others = new Set(stored.left.map((turn) => turn.scopeSet));
  others.delete(scopeSet);
  if (others.size > 0) await writer.lockScopeSets(context, [...others], at);
  const traceId = newId("tr");
  const extractions = await reconcileMessages(
    writer,
    {
      context,
      scopeSet,
      at,
      now: input.seed.now,
      observedAt: input.observedAt,
      newId,
      caller: input.caller,
      category: input.category,
      labels: input.labels,
      entities: createEntityTable(writer, { context, scopeSet, at }),
    },
    stored,
    input,
    traceId,
  );
  await writer.appendTrace(context, {
    id: traceId,
    kind: "decision",
    scopeSet,
    principal: input.caller.principal,
    at,
    data: summarize(session, stored, extractions, input.caller),
  });
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
  newId: (prefix: string) => string,
  input: IngestInput,
): Promise<SessionRecord> {
  if (input.sessionId === undefined)
    return openSession(writer, context, {
      caller: input.caller,
      newId,
      now: input.seed.now,
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

function checkNewest(
  session: SessionRecord,
  lastSeq: number,
  after: string | null | undefined,
): void {
  if (after === undefined) return;
  const newest = lastSeq === 0 ? null : turnId(session.id, lastSeq);
  if (after !== newest)
    throw new EngineError(
      "turn_conflict",
      "Other turns were stored in this session since. Read it again and decide anew.",
    );
}

/** Facts of the new turns and triples, one diff for each step. */
async function reconcileMessages(
  writer: Writer,
  base: StatementContext,
  stored: AppendResult,
  input: IngestInput,
  traceId: string,
): Promise<ExtractionResult[]> {
  const withdrawn =
    stored.left.length === 0
      ? []
      : (
          await writer.statements(base.context, { turns: stored.left.map(({ key }) => key) })
        ).filter((statement) => statement.endedAt === null);
  await writer.endStatements(
    base.context,
    withdrawn.map(({ row }) => row),
    base.at,
  );
  const all = stored.turns.map((_, index) => index);
  const steps = input.diff === "per_message" ? all.map((index) => [index]) : [all];
  const results: ExtractionResult[] = [];
  for (const [step, indexes] of steps.entries()) {
    const isLast = step === steps.length - 1;
    const statements = await turnStatements(base, input.extraction, (id) => {
      const index = Number(id);
      const turn = stored.turns[index];
      return indexes.includes(index) && stored.fresh.has(index) && turn?.recalled === true
        ? turn
        : undefined;
    });
    if (isLast) statements.push(...(await tripleStatements(base, input.triples, traceId)));
    const outcome: FoldOutcome =
      stored.left.length > 0
        ? await refoldRevised(writer, base, step === 0 ? withdrawn : [], statements)
        : await addStatements(writer, base.context, base.scopeSet, statements, base.at);
    const last = stored.turns[indexes.at(-1) ?? -1];
    results.push(
      describeOutcome(
        outcome,
        base.entities,
        last === undefined ? "" : turnId(last.sessionId, last.seq),
      ),
    );
  }
  return results;
}

/** A revision stands where the first version stood, so its keys are folded from the start. */
async function refoldRevised(
  writer: Writer,
  base: StatementContext,
  withdrawn: Awaited<ReturnType<Writer["statements"]>>,
  statements: Awaited<ReturnType<typeof turnStatements>>,
): Promise<FoldOutcome> {
  await writer.insertStatements(base.context, statements);
  const bySet = keysBySet(withdrawn);
  const own = new Set([...(bySet.get(base.scopeSet) ?? []), ...statements.map(({ key }) => key)]);
  bySet.delete(base.scopeSet);
  for (const [scopeSet, keys] of bySet) await refold(writer, base.context, scopeSet, keys, base.at);
  const fresh = new Set(statements.map(({ id }) => id));
  return (await refold(writer, base.context, base.scopeSet, [...own], base.at, fresh)).outcome;
}

function summarize(
  session: SessionRecord,
  stored: AppendResult,
  extractions: readonly ExtractionResult[],
  caller: Caller,
): Record<string, unknown> {
  return {
    session: session.id,
    turns: stored.turns.map((turn) => turn.seq),
    revised: stored.left.length,
    attributes: extractions.flatMap((item) => item.attributes.map(({ id }) => id)),
    corrections: extractions.reduce((sum, item) => sum + item.corrections.length, 0),
    uncertainties: extractions.reduce((sum, item) => sum + item.uncertainties.length, 0),
    ...(caller.onBehalfOf === undefined ? {} : { onBehalfOf: caller.onBehalfOf }),
  };
}
