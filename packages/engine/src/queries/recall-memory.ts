import { damaged } from "../model/errors.ts";
import { isActive, splitTurnKey, turnKey } from "../model/records.ts";
import type { FactKind, Instant, TurnRecord } from "../model/records.ts";
import { analyze } from "../recall/analyze.ts";
import { buildFactIndex } from "../recall/fact-index.ts";
import type { FactIndex } from "../recall/fact-index.ts";
import { emptyKept } from "../recall/keep.ts";
import type { Kept } from "../recall/keep.ts";
import { buildPool } from "../recall/rank.ts";
import type { IndexedTurn, Pool, RankStatistics } from "../recall/rank.ts";
import type { Reader, VisibleSets } from "../stores/store.ts";

/** Scopes with up to this many turns are ranked whole; larger ones through the term index. */
const WHOLE_POOL = 10_000;
/** Best index matches whose conversations are ranked when a scope is too large to rank whole. */
const INDEX_MATCHES = 150;
/** Neighbours of a match that are loaded with it, on either side. */
const NEIGHBOURS = 3;
/** Change of the number of turns after which terms are counted again, and terms whose counts are kept. */
const RECOUNT = 0.02;
/** Turns that hold a common term; what is rarer is counted each time, so that a new word is found at once. */
const COMMON = 1000;
const MOST_FREQUENCIES = 10_000;
/** Facts considered for one question, the newest. */
const MOST_FACTS = 2000;

const ALWAYS = {
  since: Number.MIN_SAFE_INTEGER,
  until: Number.MAX_SAFE_INTEGER,
  limit: Number.MAX_SAFE_INTEGER,
} as const;

/** What of memory is asked. */
export interface AskedMemory {
  query: string;
  at: Instant;
  /** Memory as it was then. */
  asOf?: Instant | undefined;
  /** Only what carries all of these. */
  labels?: readonly string[] | undefined;
  /** Only what became true from here on, and what had ended by then (contract 4.7); of a turn, when it was said. */
  validFrom?: Instant | undefined;
  validUntil?: Instant | undefined;
  /** Also vectors of this model. */
  model?: string | undefined;
}

/** What one question is ranked over: all that the caller may read, or the part of it that the index points at. */
export interface Memory {
  pool: Pool;
  facts: FactIndex;
  vectors: ReadonlyMap<number, Int8Array>;
  /** Counts over everything, when the pool is a part. */
  statistics?: RankStatistics | undefined;
}

/** Brings up what a question is ranked over and runs the ranking on it, before anything else may change it. */
export async function withMemory<Result>(
  reader: Reader,
  context: number,
  sets: VisibleSets,
  asked: AskedMemory,
  rank: (memory: Memory) => Result,
): Promise<Result> {
  if (sets !== "all" && sets.length === 0) return rank(emptyKept());
  const isNarrowed =
    (asked.labels ?? []).length > 0 ||
    asked.validFrom !== undefined ||
    asked.validUntil !== undefined;
  if (asked.asOf !== undefined || isNarrowed)
    return rank(await loadOnce(reader, context, sets, asked));
  const size = await reader.recallSize(context, sets);
  const isWhole = size.turns <= WHOLE_POOL;
  const refreshed = async (kept: Kept): Promise<Result> => {
    await refresh(reader, context, sets, kept, { isWhole, model: asked.model });
    return rank(
      isWhole ? kept : { ...kept, ...(await loadPart(reader, context, sets, asked, size, kept)) },
    );
  };
  if (reader.keep === undefined) return refreshed(emptyKept());
  return reader.keep.with(`${context} ${String(isWhole)} ${String(sets)}`, refreshed);
}

/** Brings what is kept to the present revision; only what came or went is read. */
async function refresh(
  reader: Reader,
  context: number,
  sets: VisibleSets,
  kept: Kept,
  { isWhole, model }: { isWhole: boolean; model: string | undefined },
): Promise<void> {
  const revision = await reader.revision(context, sets);
  if (kept.revision !== revision) {
    const keys = isWhole ? await reader.recallableKeys(context, sets, WHOLE_POOL) : [];
    const present = new Set(keys);
    const gone = [...kept.pool.keys()].filter((key) => !present.has(key));
    const come = keys.filter((key) => kept.pool.get(key) === undefined);
    const turns = await reader.turnsByKey(context, come);
    const allowed = sets === "all" ? undefined : new Set(sets);
    const isRecallable = (turn: TurnRecord): boolean =>
      isActive(turn) && (allowed?.has(turn.scopeSet) ?? true);
    if (turns.length !== come.length || !turns.every(isRecallable))
      throw damaged("turns that recall may find are missing");
    const facts = await loadFacts(reader, context, sets, {}, kept.facts);
    kept.pool.remove(gone);
    kept.pool.add(turns.map(toIndexed));
    for (const key of gone) kept.vectors.delete(key);
    kept.facts = facts;
    kept.revision = revision;
  }
  if (model === undefined) return;
  if (kept.model !== model) kept.vectors.clear();
  kept.model = model;
  const without = [...kept.pool.keys()].filter((key) => !kept.vectors.has(key));
  if (without.length === 0) return;
  for (const [key, vector] of await reader.turnVectors(context, model, without))
    kept.vectors.set(key, vector);
}

/** Memory of the past, of a label or of a stretch of time: asked seldom, so nothing of it is kept. */
async function loadOnce(
  reader: Reader,
  context: number,
  sets: VisibleSets,
  { asOf, labels = [], validFrom = -Infinity, validUntil = Infinity, model }: AskedMemory,
): Promise<Memory> {
  const turns = (await reader.recallableTurns(context, sets, { limit: WHOLE_POOL, asOf })).filter(
    (turn) =>
      turn.said >= validFrom &&
      turn.said <= validUntil &&
      labels.every((label) => turn.labels.includes(label)),
  );
  const pool = buildPool(turns.map(toIndexed));
  return {
    pool,
    facts: await loadFacts(reader, context, sets, { asOf }),
    vectors:
      model === undefined ? new Map() : await reader.turnVectors(context, model, [...pool.keys()]),
  };
}

/** The conversations around the best matches of the index. */
async function loadPart(
  reader: Reader,
  context: number,
  sets: VisibleSets,
  { query, model }: AskedMemory,
  size: { turns: number; terms: number },
  kept: Kept,
): Promise<Omit<Memory, "facts">> {
  const terms = [...new Set(analyze(query))];
  if (terms.length === 0) return { pool: buildPool([]), vectors: new Map() };
  const match = await reader.matchTurns(context, sets, terms, {
    limit: INDEX_MATCHES,
    known: knownFrequencies(kept, size.turns),
  });
  for (const [term, count] of match.documentFrequency)
    if (count >= COMMON) kept.frequencies.set(term, count);
  const keys = new Set<number>();
  for (const turn of match.turns)
    for (let seq = Math.max(1, turn.seq - NEIGHBOURS); seq <= turn.seq + NEIGHBOURS; seq += 1)
      keys.add(turnKey(turn.session, seq));
  const allowed = sets === "all" ? undefined : new Set(sets);
  const turns = (await reader.turnsByKey(context, [...keys])).filter(
    (turn) => isActive(turn) && (allowed?.has(turn.scopeSet) ?? true),
  );
  const pool = buildPool(turns.map(toIndexed));
  return {
    pool,
    vectors:
      model === undefined ? new Map() : await reader.turnVectors(context, model, [...pool.keys()]),
    statistics: {
      turns: size.turns,
      averageLength: Math.max(1, size.terms / Math.max(1, size.turns)),
      documentFrequency: match.documentFrequency,
    },
  };
}

/** Counting a common term reads all its entries, so counts serve until the scopes have changed by a part of their size. */
function knownFrequencies(kept: Kept, turns: number): ReadonlyMap<string, number> {
  const change = Math.abs(turns - kept.countedAt);
  if (change > kept.countedAt * RECOUNT || kept.frequencies.size > MOST_FREQUENCIES) {
    kept.frequencies.clear();
    kept.countedAt = turns;
  }
  return kept.frequencies;
}

/** Believed facts, with those whose validity has ended; what is known of a row is not read again. `past`: all, of every kind and of any time. */
export async function loadFacts(
  reader: Reader,
  context: number,
  sets: VisibleSets,
  {
    asOf,
    kinds = ["attribute", "relation"],
    past = false,
  }: {
    asOf?: Instant | undefined;
    kinds?: readonly FactKind[] | undefined;
    past?: boolean | undefined;
  },
  known?: FactIndex,
): Promise<FactIndex> {
  const facts = past
    ? await reader.changedFacts(context, { sets, ...ALWAYS })
    : await reader.facts(context, {
        sets,
        kinds,
        includeEnded: true,
        at: 0,
        asOf,
        limit: MOST_FACTS,
      });
  const keys = new Set(facts.map((fact) => fact.entity).filter((key) => key !== null));
  const entities = new Map(
    (keys.size === 0 ? [] : await reader.entities(context, [...keys])).map((entity) => [
      entity.key,
      entity.name,
    ]),
  );
  return buildFactIndex(facts, (key) => (key === null ? "" : (entities.get(key) ?? "")), known);
}

function toIndexed(turn: TurnRecord): IndexedTurn {
  return {
    key: turn.key,
    sessionKey: turn.session,
    // a revision stands where the first version stood
    seq: splitTurnKey(turn.origin).seq,
    at: turn.said,
    speaker: turn.speaker,
    role: turn.role,
    terms: turn.terms === "" ? [] : turn.terms.split(" "),
    text: turn.shown ?? turn.text,
  };
}
