const TYPES: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "person",
  "organisation",
  "project",
  "location",
  "topic",
  "product",
  "policy",
  "concept",
  "event",
  "agent",
  "service",
  "other",
]);

const SYNONYMS: Readonly<Record<string, string>> = {
  company: "organisation",
  employer: "organisation",
  org: "organisation",
  organization: "organisation",
  people: "person",
  user: "person",
  human: "person",
  place: "location",
  city: "location",
  country: "location",
};

/** Folds a type name into the closed set of contract 4.3; anything unknown is `other`. */
export function normalizeEntityType(type: string): string {
  const word = type.normalize("NFKC").trim().toLowerCase();
  if (TYPES.has(word)) return word;
  return Object.hasOwn(SYNONYMS, word) ? (SYNONYMS[word] ?? "other") : "other";
}

/** NFKC, trimmed, lower case, blanks as `_`: two spellings of one name are one entity. */
export function normalizeEntityName(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase().replaceAll(/\s+/gu, "_");
}

/** Values compare without case, width and repeated blanks. */
export function normalizeValue(value: string): string {
  return value.normalize("NFKC").trim().toLowerCase().replaceAll(/\s+/gu, " ");
}

/** `entity:<type>/<name>` on the wire, without the prefix. */
export function entityId(type: string, normalName: string): string {
  return `${type}/${normalName}`;
}
