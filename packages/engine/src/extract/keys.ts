/** Keys that hold several values side by side. */
export const MULTI_VALUED_KEYS: readonly string[] = [
  "likes",
  "dislikes",
  "prefers",
  "avoids",
  "languages",
  "pets",
  "allergies",
  "hobbies",
  "children",
  "siblings",
  "past_employer",
  "past_home_city",
];
