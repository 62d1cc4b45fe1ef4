import type { IndexedTurn } from "./pool.ts";
import type { Question } from "./question.ts";
import type { Placed } from "./rank.ts";

/** Hits that are compared; further down, order matters less than the cost of comparing. */
const COMPARED = 30;
/** Part of the question's weight that two hits must both match to speak of the same thing. */
const SAME_MATCH = 0.4;
/** Part of the lighter turn's weight that two hits must share otherwise. */
const SAME_WORDS = 0.5;
/** Part of the best hit's score below which a hit is no answer, however new. */
const NEAR_BEST = 0.5;

/**
 * For a question about the present, puts the newest of mutually similar hits at the place of the best of them. Hits are
 * similar when they are of one speaker and match the same large part of the question, or share half of their words;
 * questions state nothing.
 */
export function newestFirst(
  ranked: readonly Placed[],
  asked: Pick<Question, "isPresent" | "terms">,
  weightOf: (term: string) => number,
): Placed[] {
  if (!asked.isPresent) return [...ranked];
  const least = (ranked[0]?.score ?? 0) * NEAR_BEST;
  const question = new Set(asked.terms);
  const groups: Described[][] = [];
  for (const hit of ranked.slice(0, COMPARED)) {
    if (hit.score < least || hit.entry.traits().asks) continue;
    const terms = new Set(hit.entry.turn.terms);
    const item = { hit, turn: hit.entry.turn, terms, matched: shared(terms, question) };
    const group = groups.find((members) =>
      members.every((other) => areSimilar(item, other, question, weightOf)),
    );
    if (group === undefined) groups.push([item]);
    else group.push(item);
  }
  const moved = new Map<Placed, Placed>();
  for (const group of groups) {
    const newest = group.toSorted((a, b) => b.turn.at - a.turn.at || b.turn.key - a.turn.key);
    for (const [at, { hit }] of group.entries()) moved.set(hit, newest[at]?.hit ?? hit);
  }
  // The score belongs to the place, so that it never rises along the ranking.
  return ranked.map((place) => ({ ...(moved.get(place) ?? place), score: place.score }));
}

interface Described {
  hit: Placed;
  turn: IndexedTurn;
  terms: ReadonlySet<string>;
  matched: ReadonlySet<string>;
}

function areSimilar(
  a: Described,
  b: Described,
  question: ReadonlySet<string>,
  weightOf: (term: string) => number,
): boolean {
  if (a.turn.speaker !== b.turn.speaker || a.turn.role !== b.turn.role) return false;
  const weigh = (terms: ReadonlySet<string>): number =>
    [...terms].reduce((total, term) => total + weightOf(term), 0);
  return (
    weigh(shared(a.matched, b.matched)) >= SAME_MATCH * weigh(question) ||
    weigh(shared(a.terms, b.terms)) >= SAME_WORDS * Math.min(weigh(a.terms), weigh(b.terms))
  );
}

function shared(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a].filter((term) => b.has(term)));
}
