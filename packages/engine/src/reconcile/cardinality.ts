const MULTI_VALUED: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "likes",
  "dislikes",
  "prefers",
  "languages",
  "language",
  "pets",
  "pet",
  "allergies",
  "allergy",
  "hobbies",
  "hobby",
  "interests",
  "goals",
  "plans",
  "events",
  "skills",
  "children",
  "child",
  "siblings",
  "family",
  "friends",
  "sister",
  "brother",
  "son",
  "daughter",
  "friend",
  "avoids",
  "past_employer",
  "past_home_city",
]);

/** True for keys that hold several values at once; any other key holds one, and a new value supersedes it. */
export function isMultiValued(key: string): boolean {
  return MULTI_VALUED.has(key) || key.startsWith("other:");
}
