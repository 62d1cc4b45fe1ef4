import type { Placed } from "./rank.ts";
import type { Pool } from "./pool.ts";
import type { Question } from "./question.ts";

/** A statement of one turn that a later turn replaced. */
export interface Supersession {
  /** Key of the turn whose statement no longer holds. */
  old: number;
  /** Key of the turn that replaced it. */
  successor: number;
  /** Index terms of what was replaced: its key, its old and new values, and what people ask for it with. */
  terms: ReadonlySet<string>;
}

const LESS = 1e-9;

/** Marks turns whose statement has been replaced where the question asks for it, and puts each successor above. */
export function successorsFirst(
  ranked: readonly Placed[],
  pool: Pool,
  question: Question,
  superseded: readonly Supersession[],
): Placed[] {
  const asked = superseded.filter(({ terms }) => question.terms.some((term) => terms.has(term)));
  if (asked.length === 0) return [...ranked];
  const isOld = new Set(asked.map(({ old }) => old));
  const after = new Map<number, number[]>();
  for (const { old, successor } of asked) after.set(old, [...(after.get(old) ?? []), successor]);
  const byKey = new Map(ranked.map((hit) => [hit.entry.turn.key, hit]));
  const done = new Set<number>();
  const out: Placed[] = [];
  const place = (hit: Placed): void => {
    const { key } = hit.entry.turn;
    if (done.has(key)) return;
    done.add(key);
    for (const successor of after.get(key) ?? []) {
      const entry = pool.get(successor);
      if (entry === undefined || done.has(successor)) continue;
      // the successor takes the place, and so the score, of what it replaces
      place({ ...(byKey.get(successor) ?? { entry, signals: {} }), score: hit.score });
    }
    // below the successor, wherever the list is merged
    out.push(isOld.has(key) ? { ...hit, score: hit.score - LESS, isSuperseded: true } : hit);
  };
  for (const hit of ranked) place(hit);
  return out;
}
