/**
 * JSON with keys sorted by code unit at every level and no whitespace (contract 5.2).
 *
 * Starts from JSON semantics: `toJSON` is applied and `undefined` dropped before keys are sorted, so a
 * `Date` and its ISO text agree and `{a: undefined}` equals `{}`.
 */
export function canonicalJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text === undefined ? "null" : write(JSON.parse(text) as unknown);
}

function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`);
  return `{${entries.join(",")}}`;
}
