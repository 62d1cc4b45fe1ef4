import type { ScopeSets } from "./types.ts";

/** A selector as a request stated it: a lens narrows by involvement, a subset by closure (contract 3.3). */
export interface Selector {
  kind: "lens" | "subset";
  clauses: ScopeSets;
}

/** Thrown for a scope that cannot be read; the message says which part and what is expected. */
export class ScopeSyntaxError extends Error {
  override readonly name: string = "ScopeSyntaxError";
}

const MAX_DEPTH = 16;
const MAX_SEGMENT = 128;
const MAX_CLAUSES = 16;

/** Canonical path: NFC, no leading or trailing slash; the root is `/`. A pattern may end in `/*`. */
export function normalizePath(input: string, options: { pattern?: boolean } = {}): string {
  const text = input.normalize("NFC").replace(/^\//, "").replace(/\/$/, "");
  if (text === "") return "/";
  const segments = text.split("/");
  if (segments.length > MAX_DEPTH)
    throw new ScopeSyntaxError(`A scope path has at most ${MAX_DEPTH} segments.`);
  segments.forEach((segment, index) => {
    const wildcard = options.pattern === true && segment === "*" && index === segments.length - 1;
    if (!wildcard) checkSegment(segment, index + 1);
  });
  return segments.join("/");
}

/** @throws ScopeSyntaxError for what cannot stand between two slashes. */
export function checkSegment(segment: string, position = 1): void {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  const isBad = /^\.{0,2}$|[*\u0000-\u001f\u007f]/u.test(segment);
  if (isBad || segment.length > MAX_SEGMENT || !segment.isWellFormed())
    throw new ScopeSyntaxError(
      `Segment ${position} of the scope must be well-formed text of 1 to ${MAX_SEGMENT} characters, without * and control characters, and not "." or "..". Percent-encode ids that contain a slash.`,
    );
}

const TAG = /^[^/=]+=[^=]*$/u;

/** Turns every accepted spelling of a selector (contract 3.2) into clauses; `undefined` when nothing is selected. */
export function normalizeSelector(
  input: unknown,
  options: { pattern?: boolean; tagDimensions?: readonly string[] } = {},
): Selector | undefined {
  if (input === undefined || input === null || input === "") return undefined;
  if (typeof input === "string")
    return TAG.test(input)
      ? fromTags([input], options.tagDimensions)
      : lens([[input]], options.pattern);
  if (Array.isArray(input)) return fromArray(input, options);
  if (typeof input === "object") return fromDimensions(input, options.tagDimensions);
  throw new ScopeSyntaxError(
    "A scope is a path, an array of paths, or an array of arrays of paths.",
  );
}

function fromArray(
  input: unknown[],
  options: { pattern?: boolean; tagDimensions?: readonly string[] },
): Selector | undefined {
  const flat = input.filter((item) => item !== "");
  if (flat.length === 0) return undefined;
  const tags = flat.filter((item) => typeof item === "string" && TAG.test(item));
  if (tags.length === flat.length) return fromTags(tags as string[], options.tagDimensions);
  if (tags.length > 0)
    throw new ScopeSyntaxError("A scope mixes key=value tags and paths; use one of the two.");
  const clauses = flat.map((item) => {
    if (typeof item === "string") return [item];
    if (Array.isArray(item) && item.every((path) => typeof path === "string")) return item;
    throw new ScopeSyntaxError("A scope clause is a path or an array of paths.");
  });
  return lens(clauses, options.pattern);
}

function fromTags(tags: string[], dimensions?: readonly string[]): Selector | undefined {
  return fromPairs(
    tags.map((tag) => {
      const at = tag.indexOf("=");
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
    dimensions,
  );
}

function fromDimensions(input: object, dimensions?: readonly string[]): Selector | undefined {
  const pairs: [string, string][] = [];
  for (const [key, value] of Object.entries(input).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === null) continue;
    if (typeof value === "object")
      throw new ScopeSyntaxError(
        `The scope dimension "${key.slice(0, 40)}" must be a plain value.`,
      );
    pairs.push([key, String(value)]);
  }
  return fromPairs(pairs, dimensions);
}

/** Tags named in `dimensions` join, in that order, into one path; the others stay members of the clause. */
function fromPairs(
  pairs: [string, string][],
  dimensions: readonly string[] = [],
): Selector | undefined {
  const joined = dimensions.flatMap((dimension) =>
    pairs.filter(([key]) => key === dimension).map(([key, value]) => `${key}/${value}`),
  );
  const separate = pairs.filter(([key]) => !dimensions.includes(key)).map((pair) => pair.join("/"));
  const clause = [...(joined.length > 0 ? [joined.join("/")] : []), ...separate];
  const selected = lens([clause]);
  return selected === undefined
    ? { kind: "subset", clauses: [["/"]] }
    : { ...selected, kind: "subset" };
}

function lens(clauses: string[][], pattern = false): Selector | undefined {
  const normalized = clauses
    .map((clause) => [
      ...new Set(
        clause.filter((path) => path !== "").map((path) => normalizePath(path, { pattern })),
      ),
    ])
    .filter((clause) => clause.length > 0);
  if (normalized.length > MAX_CLAUSES)
    throw new ScopeSyntaxError(`A scope has at most ${MAX_CLAUSES} clauses.`);
  return normalized.length === 0 ? undefined : { kind: "lens", clauses: normalized };
}

/** Proper prefixes of a path, and the root. */
export function ancestorsOf(path: string): string[] {
  if (path === "/") return [];
  const segments = path.split("/");
  return ["/", ...segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"))];
}

/** True when a grant pattern covers the path: `a/b` is that node, `a/*` the node and every descendant. */
export function patternCovers(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === "/*") return true;
  if (!pattern.endsWith("/*")) return pattern === path;
  const root = pattern.slice(0, -2);
  return path === root || path.startsWith(`${root}/`);
}
