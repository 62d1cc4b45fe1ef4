import type { StateChange, StateDiffResponse } from "@spectron/core/protocol";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import { EngineError } from "../model/errors.ts";
import type { ReadClamp } from "../model/clamp.ts";
import type { Instant, StoredFact } from "../model/records.ts";
import type { Reader } from "../stores/store.ts";
import { findTurns } from "../commands/find-turns.ts";
import { iso } from "./details.ts";
import { viewFacts } from "./fact-view.ts";
import { narrowed } from "./narrowed.ts";

export interface StateDiffInput {
  caller: Caller;
  clamp: ReadClamp;
  /** A turn id, or an instant. */
  since: string | Instant;
  sessionId?: string | undefined;
  limit: number;
  at: Instant;
}

/** Versions looked at for one diff. */
const MOST_VERSIONS = 10_000;

/** What is believed now and was not after the given turn, and the other way round; what came and went is left out. */
export async function readStateDiff(
  reader: Reader,
  input: StateDiffInput,
): Promise<StateDiffResponse> {
  const context = await requireContext(reader, input.caller.context);
  const sets = await reader.visibleSets(context, await narrowed(reader, input));
  const since = await sinceInstant(reader, context, sets, input.since);
  const changed = await reader.changedFacts(context, {
    sets,
    since,
    until: Number.MAX_SAFE_INTEGER,
    limit: MOST_VERSIONS,
  });
  const ids = [...new Set(changed.map(({ id }) => id))];
  const versions = Map.groupBy(await reader.factVersions(context, ids), ({ id }) => id);
  const view = await viewFacts(reader, context, [...versions.values()].flat());
  const before = new Map<string, StoredFact>();
  const now = new Map<string, StoredFact>();
  for (const [id, all] of versions) {
    const then = all.findLast(
      (fact) => fact.knownFrom <= since && (fact.knownTo === null || fact.knownTo > since),
    );
    const last = all.findLast((fact) => fact.knownTo === null);
    if (then !== undefined && (then.validTo === null || then.validTo > since)) before.set(id, then);
    if (last !== undefined && isLive(last, input.at)) now.set(id, last);
  }
  const describe = (fact: StoredFact): StateChange => {
    const source = view.sources(fact).findLast(({ kind }) => kind === "turn");
    const ref = view.ref(fact.entity);
    return {
      type: fact.kind,
      id: fact.id,
      ...(ref === "" ? {} : { entity: `entity:${ref}` }),
      key: fact.key,
      value: fact.value,
      ...(source?.ref === undefined ? {} : { sourceTurn: source.ref.replace(/^turn:/, "") }),
    };
  };
  const diff: StateDiffResponse = {
    since: typeof input.since === "string" ? input.since : iso(input.since),
    until: iso(input.at),
    added: [],
    updated: [],
    superseded: [],
    closed: [],
  };
  for (const [id, fact] of now) {
    if (before.has(id)) continue;
    const old = replaced(fact, before, versions);
    if (old === undefined) diff.added.push({ ...describe(fact), at: iso(fact.createdAt) });
    else
      diff.updated.push({
        ...describe(fact),
        previousValue: old.value,
        at: iso(fact.createdAt),
      });
  }
  for (const [id, fact] of before) {
    if (now.has(id)) continue;
    const last = versions.get(id)?.at(-1) ?? fact;
    const ended = iso(last.validTo ?? last.knownTo ?? input.at);
    if (last.supersededBy === null) diff.closed.push({ ...describe(fact), closedAt: ended });
    else diff.superseded.push({ ...describe(fact), supersededAt: ended });
  }
  for (const list of [diff.added, diff.updated, diff.superseded, diff.closed])
    list.splice(input.limit);
  return diff;
}

async function sinceInstant(
  reader: Reader,
  context: number,
  sets: Awaited<ReturnType<Reader["visibleSets"]>>,
  since: string | Instant,
): Promise<Instant> {
  if (typeof since === "number") return since;
  const [turn] = await findTurns(reader, context, [since]);
  if (turn === undefined || (sets !== "all" && !sets.includes(turn.scopeSet)))
    throw new EngineError("not_found", "There is no such turn.");
  return turn.at;
}

function isLive(fact: StoredFact, at: Instant): boolean {
  return fact.validTo === null || fact.validTo > at;
}

/** The value that was believed before, found along the chain of supersessions. */
function replaced(
  fact: StoredFact,
  before: ReadonlyMap<string, StoredFact>,
  versions: ReadonlyMap<string, StoredFact[]>,
): StoredFact | undefined {
  for (let id = fact.supersedes, steps = 0; id !== null && steps < 1000; steps += 1) {
    const known = before.get(id);
    if (known !== undefined) return known;
    id = versions.get(id)?.at(-1)?.supersedes ?? null;
  }
  return undefined;
}
