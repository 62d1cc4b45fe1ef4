import type { QueryHit, Source } from "@spectron/core/protocol";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { isActive, turnId, turnKey } from "../model/records.ts";
import type { Instant, TurnRecord } from "../model/records.ts";
import { analyze } from "../recall/analyze.ts";
import { buildPool, rankPool } from "../recall/rank.ts";
import type { IndexedTurn, RankStatistics, RankedTurn } from "../recall/rank.ts";
import { renderContext, renderTurn } from "../recall/render.ts";
import type { Reader, VisibleSets } from "../stores/store.ts";
import { rankFacts } from "./recall-facts.ts";
import { narrowed } from "./narrowed.ts";

export interface RecallInput {
  caller: Caller;
  clamp: ReadClamp;
  query: string;
  k: number;
  /** Families of hits to answer with. */
  facts: boolean;
  passages: boolean;
  /** Narrows to the scopes of this session. */
  sessionId?: string | undefined;
  at: Instant;
  asOf?: Instant | undefined;
  /** Present: also renders one text of at most this many tokens. */
  maxTokens?: number | undefined;
}

export interface RecallResult {
  hits: QueryHit[];
  context: string;
  seedEntities: string[];
  candidates: number;
}

/** Scopes with up to this many turns are ranked whole; larger ones through the term index. */
const WHOLE_POOL = 4000;
/** Best index matches whose conversations are ranked when a scope is too large to rank whole. */
const INDEX_MATCHES = 200;
/** Neighbours of a match that are loaded with it, on either side. */
const NEIGHBOURS = 6;

/** Ranked recall for every surface: `/query`, `/context`, session context. The clamp is part of the candidate look-up. */
export async function recall(reader: Reader, input: RecallInput): Promise<RecallResult> {
  const context = await requireContext(reader, input.caller.context);
  const sets = await reader.visibleSets(context, await narrowed(reader, input));
  const pool = await loadPool(reader, context, sets, input);
  const ranked = rankPool(input.query, buildPool(pool.turns.map(toIndexed)), {
    limit: input.k,
    now: input.at,
    ...(pool.statistics === undefined ? {} : { statistics: pool.statistics }),
  });
  const byKey = new Map(pool.turns.map((turn) => [turn.key, turn]));
  const passages = input.passages ? ranked.map((hit) => toHit(hit, byKey)) : [];
  const facts = input.facts
    ? await rankFacts(reader, context, sets, {
        query: input.query,
        at: input.at,
        asOf: input.asOf,
        limit: input.k,
      })
    : { hits: [], entities: [] };
  const hits = [...facts.hits, ...passages]
    .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, input.k);
  return {
    hits,
    context:
      input.maxTokens === undefined ? "" : renderContext(ranked, { maxTokens: input.maxTokens }),
    seedEntities: facts.entities,
    candidates: pool.turns.length,
  };
}

async function loadPool(
  reader: Reader,
  context: number,
  sets: VisibleSets,
  input: RecallInput,
): Promise<{ turns: TurnRecord[]; statistics?: RankStatistics }> {
  if (sets !== "all" && sets.length === 0) return { turns: [] };
  const size = await reader.recallSize(context, sets);
  if (input.asOf !== undefined || size.turns <= WHOLE_POOL)
    return {
      turns: await reader.recallableTurns(context, sets, { limit: WHOLE_POOL, asOf: input.asOf }),
    };
  const terms = [...new Set(analyze(input.query))];
  if (terms.length === 0) return { turns: [] };
  const match = await reader.matchTurns(context, sets, terms, INDEX_MATCHES);
  const keys = new Set<number>();
  for (const turn of match.turns)
    for (let seq = Math.max(1, turn.seq - NEIGHBOURS); seq <= turn.seq + NEIGHBOURS; seq += 1)
      keys.add(turnKey(turn.session, seq));
  const allowed = sets === "all" ? undefined : new Set(sets);
  const turns = (await reader.turnsByKey(context, [...keys])).filter(
    (turn) => isActive(turn) && (allowed?.has(turn.scopeSet) ?? true),
  );
  return {
    turns,
    statistics: {
      turns: size.turns,
      averageLength: Math.max(1, size.terms / Math.max(1, size.turns)),
      documentFrequency: match.documentFrequency,
    },
  };
}

function toIndexed(turn: TurnRecord): IndexedTurn {
  return {
    key: turn.key,
    sessionKey: turn.session,
    seq: turn.seq,
    at: turn.said,
    speaker: turn.speaker,
    role: turn.role,
    terms: turn.terms === "" ? [] : turn.terms.split(" "),
    text: turn.shown ?? turn.text,
  };
}

function toHit(ranked: RankedTurn, byKey: ReadonlyMap<number, TurnRecord>): QueryHit {
  const turn = byKey.get(ranked.turn.key);
  const id = turn === undefined ? "" : turnId(turn.sessionId, turn.seq);
  const sources: Source[] =
    turn === undefined
      ? []
      : [{ kind: "turn", ref: `turn:${id}`, sessionId: turn.sessionId, role: turn.role }];
  return {
    id,
    score: ranked.score,
    source: "turn",
    text: renderTurn(ranked.turn),
    occurredAt: new Date(ranked.turn.at).toISOString(),
    sources,
  };
}
