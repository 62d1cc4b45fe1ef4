import { isAuthoritative } from "../model/records.ts";
import type { StoredFact } from "../model/records.ts";

/** Where several values hold one key, what was decreed stands before what was said (contract 4.5); other places stay. */
export function authoritativeFirst(facts: readonly StoredFact[]): StoredFact[] {
  const ordered = [...facts];
  const groups = Map.groupBy(facts.keys(), (index) => {
    const fact = facts[index];
    return JSON.stringify([fact?.kind, fact?.scopeSet, fact?.entity, fact?.key]);
  });
  for (const places of groups.values()) {
    if (places.length === 1) continue;
    const members = places.flatMap((index) => facts[index] ?? []);
    const sorted = [
      ...members.filter((fact) => isAuthoritative(fact.sources)),
      ...members.filter((fact) => !isAuthoritative(fact.sources)),
    ];
    places.forEach((place, index) => {
      const fact = sorted[index];
      if (fact !== undefined) ordered[place] = fact;
    });
  }
  return ordered;
}
