import { MULTI_VALUED_KEYS } from "../extract/keys.ts";

/** Relatives and friends: relations are several by nature, and so are attributes of the same name. */
const PEOPLE: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "child",
  "sister",
  "brother",
  "son",
  "daughter",
  "friend",
]);

/** True for keys that hold several values at once; any other key holds one, and a new value supersedes it. */
export function isMultiValued(key: string): boolean {
  return MULTI_VALUED_KEYS.includes(key) || PEOPLE.has(key) || key.startsWith("other:");
}
