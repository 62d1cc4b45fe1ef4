import type { ScopeSets, SessionResponse } from "@spectron/core/protocol";
import { isVisible, mayWrite, writeRegion } from "../model/clamp.ts";
import { EngineError } from "../model/errors.ts";
import type { SessionRecord } from "../model/records.ts";
import type { Writer } from "../stores/store.ts";
import { canonicalClauses, createIdMaker, once, requireContext } from "./command.ts";
import type { Caller, CommandSeed, IdempotencyRequest, Outcome } from "./command.ts";

export interface CreateSessionInput {
  caller: Caller;
  seed: CommandSeed;
  idempotency?: IdempotencyRequest | undefined;
  /** Absent: the caller's write region. */
  scopes?: ScopeSets | undefined;
  metadata: Record<string, unknown>;
  externalId?: string | undefined;
}

/** Creates a session, or returns the one that has the external id. */
export async function createSession(
  writer: Writer,
  input: CreateSessionInput,
): Promise<Outcome<SessionResponse>> {
  const context = await requireContext(writer, input.caller.context);
  const { now } = input.seed;
  return once(writer, context, input.idempotency, now, async () => {
    if (input.externalId !== undefined) {
      const known = await writer.sessionByExternalId(
        context,
        input.caller.principal,
        input.externalId,
      );
      if (known !== undefined) return { status: 200, body: toSessionResponse(known) };
    }
    const session = await openSession(writer, context, {
      caller: input.caller,
      newId: createIdMaker(input.seed),
      now,
      scopes: input.scopes,
      metadata: input.metadata,
      externalId: input.externalId ?? null,
    });
    return { status: 201, body: toSessionResponse(session) };
  });
}

/** Inserts a session row after checking that the caller may write its scopes. */
export async function openSession(
  writer: Writer,
  context: number,
  input: {
    caller: Caller;
    newId: (prefix: string) => string;
    now: number;
    scopes: ScopeSets | undefined;
    metadata: Record<string, unknown>;
    externalId: string | null;
  },
): Promise<SessionRecord> {
  const scopes = canonicalClauses(input.scopes ?? writeRegion(input.caller.write));
  if (!mayWrite(scopes, input.caller.write))
    throw new EngineError("forbidden", "This key may not write to these scopes.");
  return writer.insertSession(context, {
    id: input.newId("sess"),
    scopeSet: await writer.internScopeSet(context, scopes),
    principal: input.caller.principal,
    externalId: input.externalId,
    metadata: input.metadata,
    createdAt: input.now,
  });
}

/** Ends a session: no more appends; turns and facts stay readable. */
export async function closeSession(
  writer: Writer,
  input: { caller: Caller; seed: CommandSeed; id: string },
): Promise<void> {
  const context = await requireContext(writer, input.caller.context);
  const session = await writer.session(context, input.id);
  if (session === undefined || !isVisible(session.scopes, { patterns: input.caller.read }))
    throw new EngineError("not_found", "There is no such session.");
  if (!mayAppend(session, input.caller))
    throw new EngineError("forbidden", "Only the owner of a session may close it.");
  await writer.closeSession(context, session.key, input.seed.now);
}

/** Owner or a manager of the session's scopes, and write coverage (contract 7.3, `sessionWritePolicy: owner`). */
export function mayAppend(session: SessionRecord, caller: Caller): boolean {
  return (
    mayWrite(session.scopes, caller.write) &&
    (session.principal === caller.principal || mayWrite(session.scopes, caller.manage))
  );
}

export function toSessionResponse(
  session: SessionRecord,
  turnCount: number = session.lastSeq,
): SessionResponse {
  return {
    id: session.id,
    scopes: session.scopes,
    createdAt: new Date(session.createdAt).toISOString(),
    metadata: session.metadata,
    status: session.status,
    externalId: session.externalId,
    endedAt: session.closedAt === null ? null : new Date(session.closedAt).toISOString(),
    turnCount,
    principalId: session.principal,
  };
}
