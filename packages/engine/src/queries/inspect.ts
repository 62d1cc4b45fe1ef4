import type { InspectResponse } from "@spectron/core/protocol";
import { findTurns } from "../commands/find-turns.ts";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { entityId, normalizeEntityName, normalizeEntityType } from "../model/entities.ts";
import { EngineError } from "../model/errors.ts";
import { turnId } from "../model/records.ts";
import type { Instant } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";
import { iso, toAttribute, toRelation } from "./details.ts";
import { getEntity, getHistory } from "./entities.ts";
import { viewFacts } from "./fact-view.ts";
import { getTrace } from "./traces.ts";

export interface InspectInput {
  caller: Caller;
  clamp: ReadClamp;
  /** `entity:…`, `attribute:…`, `relation:…`, `turn:…`, `trace:…` (contract 7.11). */
  ref: string;
  at: Instant;
  asOf?: Instant | undefined;
  validFrom?: Instant | undefined;
  validUntil?: Instant | undefined;
}

/** Facts looked at for one turn or label. */
const MOST_FACTS = 2000;

/**
 * One record with what explains it.
 *
 * @throws EngineError `validation_failed` for a malformed ref, `not_found`, or `not_implemented` for a kind that is not served.
 */
export async function inspect(reader: Reader, input: InspectInput): Promise<InspectResponse> {
  const [, kind = "", rest = ""] = /^([a-z]+):(.+)$/su.exec(input.ref) ?? [];
  switch (kind) {
    case "entity":
      return { kind, ...(await getEntity(reader, { ...input, ...typeAndName(rest) })) };
    case "attribute":
      return inspectAttribute(reader, input, rest);
    case "relation":
      return inspectRelation(reader, input, rest);
    case "turn":
      return inspectTurn(reader, input, rest);
    case "trace":
      return { kind, trace: await getTrace(reader, { caller: input.caller, id: rest }) };
    case "passage":
    case "document":
      throw new EngineError("not_implemented", "Documents are not available in this version.");
    default:
      // the official README writes <type>:<name>
      if (kind === "" || rest === "")
        throw new EngineError(
          "validation_failed",
          "ref must look like entity:<type>/<name>, attribute:<type>/<name>/<key>, turn:<id> or trace:<id>.",
        );
      return {
        kind: "entity",
        ...(await getEntity(reader, { ...input, type: kind, name: rest })),
      };
  }
}

function typeAndName(text: string): { type: string; name: string } {
  const slash = text.indexOf("/");
  if (slash < 1 || slash === text.length - 1)
    throw new EngineError("validation_failed", "An entity is named <type>/<name>.");
  return { type: text.slice(0, slash), name: text.slice(slash + 1) };
}

async function inspectAttribute(
  reader: Reader,
  input: InspectInput,
  rest: string,
): Promise<InspectResponse> {
  const last = rest.lastIndexOf("/");
  const { history } = await getHistory(reader, {
    ...input,
    ...typeAndName(rest.slice(0, Math.max(0, last))),
    key: rest.slice(last + 1),
  });
  if (history.length === 0) throw new EngineError("not_found", "There is no such attribute.");
  const current = history.find(
    ({ validUntil }) => validUntil === undefined || Date.parse(validUntil) > input.at,
  );
  return { kind: "attribute", ...(current === undefined ? {} : { current }), history };
}

async function inspectRelation(
  reader: Reader,
  input: InspectInput,
  rest: string,
): Promise<InspectResponse> {
  const [, subject, label, object] =
    /^(.+?)-\[(.+?)\]->(.+)$/su.exec(rest) ?? /^([^/]+\/[^/]+)\/([^/]+)\/(.+)$/su.exec(rest) ?? [];
  if (subject === undefined || label === undefined || object === undefined)
    throw new EngineError(
      "validation_failed",
      "A relation is named <type>/<name>-[<label>]-><type>/<name>.",
    );
  const ref = (text: string): string => {
    const { type, name } = typeAndName(text);
    return entityId(normalizeEntityType(type), normalizeEntityName(name));
  };
  const context = await requireContext(reader, input.caller.context);
  const facts = await reader.facts(context, {
    sets: await reader.visibleSets(context, input.clamp),
    kinds: ["relation"],
    key: label,
    at: input.at,
    asOf: input.asOf,
    limit: MOST_FACTS,
  });
  const view = await viewFacts(reader, context, facts);
  const matches = facts
    .map((fact) => toRelation(fact, view))
    .filter((relation) => relation.subject === ref(subject) && relation.object === ref(object));
  if (matches.length === 0) throw new EngineError("not_found", "There is no such relation.");
  return { kind: "relation", matches };
}

async function inspectTurn(
  reader: Reader,
  input: InspectInput,
  rest: string,
): Promise<InspectResponse> {
  const context = await requireContext(reader, input.caller.context);
  const sets = await reader.visibleSets(context, input.clamp);
  const [turn] = await findTurns(reader, context, [rest]);
  if (turn === undefined || (sets !== "all" && !sets.includes(turn.scopeSet)))
    throw new EngineError("not_found", "There is no such turn.");
  const facts = (
    await reader.facts(context, {
      sets: [turn.scopeSet],
      at: input.at,
      asOf: input.asOf,
      includeEnded: true,
      limit: MOST_FACTS,
    })
  ).filter((fact) => fact.sources.some((source) => source.turn === turn.key));
  const view = await viewFacts(reader, context, facts);
  return {
    kind: "turn",
    turn: {
      id: turnId(turn.sessionId, turn.seq),
      sessionId: turn.sessionId,
      role: turn.role,
      content: turn.text,
      createdAt: iso(turn.at),
      scopes: await reader.scopeSet(context, turn.scopeSet),
      findings: turn.findings,
      quarantined: turn.held,
    },
    attributes: facts
      .filter(({ kind }) => kind === "attribute")
      .map((fact) => toAttribute(fact, view, new Map())),
    relations: facts
      .filter(({ kind }) => kind === "relation")
      .map((fact) => toRelation(fact, view)),
  };
}
