const OLDER: Readonly<Record<string, string>> = {
  previousValue: "previous_value",
  sourceTurn: "source_turn",
  supersededAt: "superseded_at",
  closedAt: "closed_at",
  traceId: "trace_id",
};

/** The same answer under the field names of `api-version: 1`. */
export function inOlderNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOlderNames);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      Object.hasOwn(OLDER, name) ? OLDER[name] : name,
      inOlderNames(item),
    ]),
  );
}
