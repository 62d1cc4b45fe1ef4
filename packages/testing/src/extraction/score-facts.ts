/** A fact as the labels and the scorer see it. */
export interface ScoredFact {
  key: string;
  value: string;
  polarity: "affirm" | "negate";
}

/** Keys that say the same thing closely enough to count as one in a comparison. */
const FAMILIES: Readonly<Record<string, string>> = {
  likes: "taste",
  hobbies: "taste",
  prefers: "taste",
  dislikes: "distaste",
  avoids: "distaste",
  diet: "distaste",
  employer: "work",
  workplace: "work",
  industry: "work",
  home_city: "home",
  home_country: "home",
  hometown: "origin",
  birthplace: "origin",
  languages: "language",
  native_language: "language",
  spouse: "spouse",
  wife: "spouse",
  husband: "spouse",
  name: "name",
  preferred_name: "name",
};

/** Reads `key=value`, `!key=value` for an ending, separated by `; `. */
export function parseFacts(text: string): ScoredFact[] {
  return text
    .split("; ")
    .filter((part) => part !== "")
    .map((part) => {
      const negated = part.startsWith("!");
      const [key = "", value = ""] = part.slice(negated ? 1 : 0).split("=");
      return { key, value, polarity: negated ? "negate" : "affirm" };
    });
}

/** Compares what was extracted from one message with its labels. */
export function scoreFacts(
  extracted: readonly ScoredFact[],
  labelled: readonly ScoredFact[],
): { right: ScoredFact[]; wrong: ScoredFact[]; missed: ScoredFact[] } {
  const open = new Set(labelled);
  const right: ScoredFact[] = [];
  const wrong: ScoredFact[] = [];
  for (const fact of extracted) {
    const match = [...open].find((label) => isSame(fact, label));
    // one label may stand for two rows: a fact and what it implies
    if (match !== undefined || labelled.some((label) => isSame(fact, label))) right.push(fact);
    else wrong.push(fact);
    if (match !== undefined) open.delete(match);
  }
  return { right, wrong, missed: [...open] };
}

function isSame(a: ScoredFact, b: ScoredFact): boolean {
  return a.polarity === b.polarity && family(a.key) === family(b.key) && overlaps(a.value, b.value);
}

function family(key: string): string {
  return FAMILIES[key] ?? (key.startsWith("favorite_") ? "taste" : key);
}

/** All words of the shorter value stand in the longer one. */
function overlaps(a: string, b: string): boolean {
  const [x, y] = [words(a), words(b)].toSorted((left, right) => left.length - right.length);
  return x !== undefined && y !== undefined && x.every((word) => y.includes(word))
    ? x.length > 0 || y.length === 0
    : false;
}

function words(value: string): string[] {
  return (value.toLowerCase().match(/[\p{L}\p{N}/]+/gu) ?? []).filter(
    (word) => !/^(?:a|an|the|my|dog|cat|puppy|rabbit|parrot)$/u.test(word),
  );
}
