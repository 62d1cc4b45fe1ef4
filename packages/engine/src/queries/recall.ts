import type { QueryHit } from "@spectron/core/protocol";
import { requireContext } from "../commands/command.ts";
import type { Caller } from "../commands/command.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { EngineError } from "../model/errors.ts";
import { splitTurnKey, turnId } from "../model/records.ts";
import type { Instant } from "../model/records.ts";
import { rankFacts, turnsOf, walkFacts } from "../recall/fact-index.ts";
import type { RankedFact } from "../recall/fact-index.ts";
import { placeTurns, rankPool } from "../recall/rank.ts";
import type { RankedTurn, ScoreParts } from "../recall/rank.ts";
import { renderContext, renderTurn } from "../recall/render.ts";
import { mostAlike } from "../recall/vectors.ts";
import type { Reader } from "../stores/store.ts";
import { narrowed } from "./narrowed.ts";
import { toFactHits } from "./recall-facts.ts";
import { packReasons } from "./reasons.ts";
import type { Reasons } from "./reasons.ts";
import { withMemory } from "./recall-memory.ts";
import type { Memory } from "./recall-memory.ts";

/** `graph` follows facts and entities; `bm25` and `vector` are parts of `hybrid` alone. */
export type RecallMode = "hybrid" | "bm25" | "vector" | "graph";

export interface RecallInput {
  caller: Caller;
  clamp: ReadClamp;
  query: string;
  k: number;
  /** @default "hybrid" */
  mode?: RecallMode | undefined;
  /** Families of hits to answer with. */
  facts: boolean;
  passages: boolean;
  /** Narrows to the scopes of this session. */
  sessionId?: string | undefined;
  /** Narrows to what carries all of these. */
  labels?: readonly string[] | undefined;
  /** Bounds of validity (contract 4.7). */
  validFrom?: Instant | undefined;
  validUntil?: Instant | undefined;
  at: Instant;
  asOf?: Instant | undefined;
  /** Present: also renders one text of at most this many tokens. */
  maxTokens?: number | undefined;
  /** The question as a vector, and the model that made it. */
  vector?: { model: string; values: Int8Array } | undefined;
}

export interface RecallResult {
  hits: QueryHit[];
  context: string;
  seedEntities: string[];
  /** `direct` when a fact answers, `hybrid` when what was said does. */
  tier: "direct" | "hybrid";
  tierReason: string;
  /** Turns and facts that the ranking looked at. */
  candidates: number;
  /** Why each hit stands where it stands. */
  reasons: Reasons;
}

/** Turns that a list of vectors adds to a ranking. */
const MOST_SIMILAR = 100;
/** Share of a text that matching facts may take; the rest is for what was said. */
const FACT_SHARE = 0.5;
const CHARACTERS_PER_TOKEN = 4;

/** Ranked recall for every surface: `/query`, `/context`, session context. The clamp is part of the candidate look-up. */
export async function recall(reader: Reader, input: RecallInput): Promise<RecallResult> {
  if (input.mode === "vector" && input.vector === undefined)
    throw new EngineError(
      "not_implemented",
      "Mode vector needs an embedder, and this service has none. Use hybrid or bm25.",
    );
  const context = await requireContext(reader, input.caller.context);
  const sets = await reader.visibleSets(context, await narrowed(reader, input));
  const ranked = await withMemory(
    reader,
    context,
    sets,
    { ...input, model: input.vector?.model },
    (memory) => rankMemory(memory, input),
  );
  const facts = await toFactHits(reader, context, ranked.facts);
  const sessions = await reader.sessionIds(context, [
    ...new Set(ranked.turns.map(({ turn }) => splitTurnKey(turn.key).session)),
  ]);
  const turns = ranked.turns.flatMap((hit) => {
    const { session, seq } = splitTurnKey(hit.turn.key);
    const sessionId = sessions.get(session);
    return sessionId === undefined ? [] : [toHit(hit, sessionId, seq)];
  });
  const hits = [
    ...facts.hits.map((hit, at) => ({
      hit,
      signals: { coverage: ranked.facts[at]?.score ?? 0 },
    })),
    ...turns,
  ]
    .toSorted((a, b) => b.hit.score - a.hit.score || (a.hit.id < b.hit.id ? -1 : 1))
    .slice(0, input.k);
  const isDirect = hits[0]?.hit.source === "attribute";
  return {
    tier: isDirect ? "direct" : "hybrid",
    tierReason: isDirect ? "a fact answers the question's words" : "ranked turns and facts",
    hits: hits.map(({ hit }) => hit),
    context: input.maxTokens === undefined ? "" : render(ranked, input.maxTokens),
    seedEntities: facts.entities,
    candidates: ranked.candidates,
    reasons: packReasons(hits.map(({ hit: { id, score }, signals }) => ({ id, score, signals }))),
  };
}

interface Ranked {
  turns: RankedTurn[];
  facts: RankedFact[];
  candidates: number;
}

function rankMemory(memory: Memory, input: RecallInput): Ranked {
  const { pool, facts } = memory;
  const { at, labels, validFrom, validUntil } = input;
  const options = { at, labels, validFrom, validUntil, limit: input.k };
  const candidates = pool.size + facts.facts.length;
  if (input.mode === "graph") {
    const near = walkFacts(facts, input.query, { ...options, limit: facts.facts.length });
    const scores = new Map<number, number>();
    for (const { fact, score } of near)
      for (const turn of turnsOf(fact)) scores.set(turn, Math.max(scores.get(turn) ?? 0, score));
    return {
      turns: input.passages ? placeTurns(input.query, pool, scores, { limit: input.k }) : [],
      facts: input.facts ? near.slice(0, input.k) : [],
      candidates,
    };
  }
  return {
    turns: input.passages
      ? rankPool(input.query, pool, {
          mode: input.mode,
          limit: input.k,
          now: input.at,
          statistics: memory.statistics,
          superseded: facts.superseded,
          similar:
            input.vector === undefined || input.mode === "bm25"
              ? undefined
              : mostAlike(input.vector.values, memory.vectors, MOST_SIMILAR),
        })
      : [],
    facts: input.facts && input.mode !== "vector" ? rankFacts(facts, input.query, options) : [],
    candidates,
  };
}

/** What is known, then what was said; facts take at most half, and what they leave free is for turns. */
function render({ facts, turns }: Ranked, maxTokens: number): string {
  const lines: string[] = [];
  let used = 0;
  for (const { about, fact } of facts) {
    const line = `- ${`${about} ${fact.key}: ${fact.value}`.replaceAll(/\s+/gu, " ").trim()}`;
    if (used + line.length + 1 > maxTokens * CHARACTERS_PER_TOKEN * FACT_SHARE) break;
    used += line.length + 1;
    lines.push(line);
  }
  const said = renderContext(turns, {
    maxTokens: maxTokens - Math.ceil(used / CHARACTERS_PER_TOKEN),
  });
  return [...lines, ...(said === "" ? [] : [said])].join("\n");
}

function toHit(
  ranked: RankedTurn,
  sessionId: string,
  seq: number,
): { hit: QueryHit; signals: ScoreParts } {
  const id = turnId(sessionId, seq);
  return {
    hit: {
      id,
      score: ranked.score,
      source: "turn",
      text: renderTurn(ranked),
      occurredAt: new Date(ranked.turn.at).toISOString(),
      sources: [{ kind: "turn", ref: `turn:${id}`, sessionId, role: ranked.turn.role }],
    },
    signals: ranked.signals,
  };
}
