import type { Role } from "@spectron/core/protocol";
import { nameTerms } from "./analyze.ts";
import { cutPieces } from "./excerpt.ts";
import type { Piece } from "./excerpt.ts";
import { gramsOf } from "./grams.ts";
import { traitsOf } from "./traits.ts";
import type { Traits } from "./traits.ts";
import { NEIGHBOUR } from "./weights.ts";

/** A turn as the ranker sees it. */
export interface IndexedTurn {
  key: number;
  sessionKey: number;
  seq: number;
  /** When it was said, epoch milliseconds. */
  at: number;
  speaker: string | null;
  role: Role;
  /** `analyze(text)`. */
  terms: readonly string[];
  /** The text that is shown. */
  text: string;
}

/** A turn of a pool, between its neighbours. */
export interface PoolTurn {
  /** Its place in arrays of scores; stays the same until the pool is compacted. */
  slot: number;
  turn: IndexedTurn;
  /** What its terms are in the pool, in order. */
  words: readonly Word[];
  session: PoolSession;
  previous: PoolTurn | undefined;
  next: PoolTurn | undefined;
  /** What its text says about itself, read when first asked for. */
  traits(): Traits;
  /** The sentences of a long text, cut when first asked for. */
  pieces(): readonly Piece[];
}

export interface PoolSession {
  /** Its place in arrays of scores. */
  slot: number;
  key: number;
  /** When it began, epoch milliseconds. */
  at: number;
  /** Terms of all its turns. */
  length: number;
  last: PoolTurn | undefined;
}

/** A term of the pool: the slots of the turns that hold it, ascending, and how often each does. */
export interface Word {
  /** Its place in arrays of words. */
  slot: number;
  term: string;
  turns: number[];
  counts: number[];
  /** Hashed character 3- to 5-grams, made when first asked for. */
  grams(): Uint32Array;
}

/** Everything counted that does not depend on a question; turns come and go without a rebuild. */
export interface Pool {
  /** By slot; a turn that left is a hole. */
  readonly turns: readonly (PoolTurn | undefined)[];
  readonly sessions: readonly (PoolSession | undefined)[];
  readonly words: ReadonlyMap<string, Word>;
  /** Length of arrays of words. */
  readonly wordSlots: number;
  /** Terms of speakers' names, with the speakers they may mean. */
  readonly speakers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Number of turns. */
  readonly size: number;
  /** The turn of a key. */
  get(key: number): PoolTurn | undefined;
  keys(): IterableIterator<number>;
  readonly averageLength: number;
  readonly averageWindow: number;
  readonly averageSession: number;
  /** By slot of the turn: its terms with a part of its neighbours'. */
  readonly windowLengths: Float64Array;
  /** About how much memory it takes. */
  readonly bytes: number;
  /** Adds turns; one whose key is there already takes its place. */
  add(turns: readonly IndexedTurn[]): void;
  /** Removes turns by key; keys that are not there count for nothing. */
  remove(keys: readonly number[]): void;
}

/** Memory of a turn and of a term in it beside their characters, estimated. */
const TURN_BYTES = 400;
const TERM_BYTES = 24;
/** Holes below this number are not worth closing. */
const LEAST_HOLES = 64;

/** Counts what ranking needs once; keep the result and tell it what changes. */
export function buildPool(turns: readonly IndexedTurn[]): Pool {
  const pool = new TurnPool();
  pool.add(turns);
  return pool;
}

// a class for its fields only: one hidden shape, and getters that count as they are read
class TurnPool implements Pool {
  turns: (PoolTurn | undefined)[] = [];
  sessions: (PoolSession | undefined)[] = [];
  words: Map<string, Word> = new Map();
  wordSlots = 0;
  bytes = 0;
  readonly #byKey = new Map<number, PoolTurn>();
  readonly #bySession = new Map<number, PoolSession>();
  readonly #names = new Map<string, number>();
  #speakers: Map<string, Set<string>> | undefined;
  #windows: Float64Array | undefined;
  #length = 0;
  /** Terms of the turns that have a next and a previous turn: each counts again in that one's window. */
  #withNext = 0;
  #withPrevious = 0;

  get size(): number {
    return this.#byKey.size;
  }

  get(key: number): PoolTurn | undefined {
    return this.#byKey.get(key);
  }

  keys(): IterableIterator<number> {
    return this.#byKey.keys();
  }

  get averageLength(): number {
    return ratio(this.#length, this.size);
  }

  get averageWindow(): number {
    const total =
      this.#length + NEIGHBOUR.previous * this.#withNext + NEIGHBOUR.next * this.#withPrevious;
    return ratio(total, this.size);
  }

  get averageSession(): number {
    return ratio(this.#length, this.#bySession.size);
  }

  get windowLengths(): Float64Array {
    if (this.#windows === undefined) {
      this.#windows = new Float64Array(this.turns.length);
      for (const entry of this.#byKey.values())
        this.#windows[entry.slot] =
          entry.turn.terms.length +
          NEIGHBOUR.previous * (entry.previous?.turn.terms.length ?? 0) +
          NEIGHBOUR.next * (entry.next?.turn.terms.length ?? 0);
    }
    return this.#windows;
  }

  get speakers(): ReadonlyMap<string, ReadonlySet<string>> {
    if (this.#speakers === undefined) {
      this.#speakers = new Map();
      for (const name of [...this.#names.keys()].toSorted())
        for (const term of nameTerms(name))
          this.#speakers.set(term, (this.#speakers.get(term) ?? new Set()).add(name));
    }
    return this.#speakers;
  }

  add(turns: readonly IndexedTurn[]): void {
    const known = turns.filter(({ key }) => this.#byKey.has(key));
    if (known.length > 0) this.remove(known.map(({ key }) => key));
    this.#windows = undefined;
    // in the order of the conversations each turn finds its place at the end
    for (const turn of turns.toSorted((a, b) => a.sessionKey - b.sessionKey || a.seq - b.seq))
      this.#insert(turn);
  }

  remove(keys: readonly number[]): void {
    this.#windows = undefined;
    for (const key of keys) {
      const entry = this.#byKey.get(key);
      if (entry !== undefined) this.#take(entry);
    }
    const holes = this.turns.length - this.size;
    if (holes > LEAST_HOLES && holes > this.size) this.#compact();
  }

  #insert(turn: IndexedTurn): void {
    if (this.#byKey.has(turn.key)) return;
    const slot = this.turns.length;
    const words = turn.terms.map((term) => this.#count(term, slot));
    const terms = words.map(({ term }) => term);
    const session = this.#session(turn);
    const entry = createEntry(slot, { ...turn, terms }, words, session);
    this.turns.push(entry);
    this.#byKey.set(turn.key, entry);
    session.at = Math.min(session.at, turn.at);
    session.length += terms.length;
    this.#length += terms.length;
    this.bytes += cost(entry.turn);
    if (turn.speaker !== null) this.#name(turn.speaker, 1);
    let before = session.last;
    while (before !== undefined && isAfter(before.turn, turn)) before = before.previous;
    const after = before === undefined ? first(session) : before.next;
    this.#join(before, entry);
    this.#join(entry, after);
    if (before !== undefined && after !== undefined) this.#uncount(before, after);
    if (after === undefined) session.last = entry;
  }

  #take(entry: PoolTurn): void {
    const { turn, session, previous, next } = entry;
    this.turns[entry.slot] = undefined;
    this.#byKey.delete(turn.key);
    for (const term of new Set(turn.terms)) this.#forget(term, entry.slot);
    session.length -= turn.terms.length;
    this.#length -= turn.terms.length;
    this.bytes -= cost(turn);
    if (turn.speaker !== null) this.#name(turn.speaker, -1);
    if (previous !== undefined) this.#uncount(previous, entry);
    if (next !== undefined) this.#uncount(entry, next);
    if (previous !== undefined) previous.next = next;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined && next !== undefined) this.#join(previous, next);
    if (next === undefined) session.last = previous;
    if (session.last === undefined) {
      this.sessions[session.slot] = undefined;
      this.#bySession.delete(session.key);
    } else if (turn.at === session.at) {
      session.at = earliest(session);
    }
  }

  #join(before: PoolTurn | undefined, after: PoolTurn | undefined): void {
    if (before === undefined || after === undefined) return;
    before.next = after;
    after.previous = before;
    this.#withNext += before.turn.terms.length;
    this.#withPrevious += after.turn.terms.length;
  }

  #uncount(before: PoolTurn, after: PoolTurn): void {
    this.#withNext -= before.turn.terms.length;
    this.#withPrevious -= after.turn.terms.length;
  }

  #session({ sessionKey: key, at }: IndexedTurn): PoolSession {
    let session = this.#bySession.get(key);
    if (session === undefined) {
      session = { slot: this.sessions.length, key, at, length: 0, last: undefined };
      this.sessions.push(session);
      this.#bySession.set(key, session);
    }
    return session;
  }

  #count(term: string, slot: number): Word {
    const word = this.words.get(term);
    if (word === undefined) {
      const made = createWord(this.wordSlots++, term, slot);
      this.words.set(term, made);
      return made;
    }
    const at = word.turns.length - 1;
    if (word.turns[at] === slot) word.counts[at] = (word.counts[at] ?? 0) + 1;
    else {
      word.turns.push(slot);
      word.counts.push(1);
    }
    return word;
  }

  #forget(term: string, slot: number): void {
    const word = this.words.get(term);
    const at = word?.turns.indexOf(slot) ?? -1;
    if (word === undefined || at < 0) return;
    word.turns.splice(at, 1);
    word.counts.splice(at, 1);
    if (word.turns.length === 0) this.words.delete(term);
  }

  #name(name: string, change: number): void {
    const count = (this.#names.get(name) ?? 0) + change;
    if (count === 0) this.#names.delete(name);
    else this.#names.set(name, count);
    if (count === 0 || count === change) this.#speakers = undefined;
  }

  /** Closes the holes, so that arrays of scores are as long as there are turns. */
  #compact(): void {
    const kept = [...this.#byKey.values()].map(({ turn }) => turn);
    this.turns = [];
    this.sessions = [];
    this.words = new Map();
    this.wordSlots = 0;
    this.bytes = 0;
    this.#byKey.clear();
    this.#bySession.clear();
    this.#names.clear();
    this.#length = 0;
    this.#withNext = 0;
    this.#withPrevious = 0;
    for (const turn of kept) this.#insert(turn);
  }
}

function createEntry(
  slot: number,
  turn: IndexedTurn,
  words: readonly Word[],
  session: PoolSession,
): PoolTurn {
  let traits: Traits | undefined;
  let pieces: readonly Piece[] | undefined;
  return {
    slot,
    turn,
    words,
    session,
    previous: undefined,
    next: undefined,
    traits: () => (traits ??= traitsOf(turn.text)),
    pieces: () => (pieces ??= cutPieces(turn.text, turn.speaker)),
  };
}

function createWord(slot: number, term: string, turn: number): Word {
  let grams: Uint32Array | undefined;
  return { slot, term, turns: [turn], counts: [1], grams: () => (grams ??= gramsOf(term)) };
}

function isAfter(a: IndexedTurn, b: IndexedTurn): boolean {
  return a.seq > b.seq || (a.seq === b.seq && a.key > b.key);
}

function first(session: PoolSession): PoolTurn | undefined {
  let entry = session.last;
  while (entry?.previous !== undefined) entry = entry.previous;
  return entry;
}

function earliest(session: PoolSession): number {
  let at = Infinity;
  for (let entry = session.last; entry !== undefined; entry = entry.previous)
    at = Math.min(at, entry.turn.at);
  return at;
}

function cost(turn: IndexedTurn): number {
  return TURN_BYTES + 2 * turn.text.length + TERM_BYTES * turn.terms.length;
}

/** A mean, and 1 for nothing, because it is divided by. */
function ratio(total: number, count: number): number {
  return total > 0 ? total / count : 1;
}
