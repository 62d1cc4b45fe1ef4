import { ancestorsOf, patternCovers } from "@spectron/core/protocol";
import type { ScopeSets } from "@spectron/core/protocol";

/** What one caller may read in one request: grants first, then whatever the request narrows. */
export interface ReadClamp {
  /** Patterns of the effective `memory:read` grant. */
  readonly patterns: readonly string[];
  readonly lens?: ScopeSets | undefined;
  readonly subset?: ScopeSets | undefined;
}

/** Paths whose records may pass a clamp; a store looks these up before `isVisible` decides. */
export interface ClampPaths {
  readonly exact: readonly string[];
  /** Subtree roots: the node's descendants; `/` means every path. */
  readonly below: readonly string[];
}

/** The one read decision (contract 3.3): authorised by the grants, then involved in the lens or inside the subset. */
export function isVisible(clauses: ScopeSets, clamp: ReadClamp): boolean {
  if (clauses.length === 0) return seesEverything(clamp.patterns) && !clamp.lens && !clamp.subset;
  return clauses.some(
    (clause) =>
      clause.every((path) => clamp.patterns.some((pattern) => patternCovers(pattern, path))) &&
      (clamp.lens === undefined || clamp.lens.some((lens) => isInvolved(lens, clause))) &&
      (clamp.subset === undefined || isInside(clause, clamp.subset)),
  );
}

/** True when every path of every clause is covered by the write patterns. */
export function mayWrite(clauses: ScopeSets, patterns: readonly string[]): boolean {
  return (
    clauses.length > 0 &&
    clauses.every((clause) =>
      clause.every((path) => patterns.some((pattern) => patternCovers(pattern, path))),
    )
  );
}

/** The clauses an unscoped write is tagged with: one for each write pattern. */
export function writeRegion(patterns: readonly string[]): ScopeSets {
  return patterns.map((pattern) => {
    if (pattern === "*" || pattern === "/*") return ["/"];
    return [pattern.endsWith("/*") ? pattern.slice(0, -2) : pattern];
  });
}

/** True when the clamp needs no look-up: the caller reads everything and narrows nothing. */
export function isUnclamped(clamp: ReadClamp): boolean {
  return seesEverything(clamp.patterns) && clamp.lens === undefined && clamp.subset === undefined;
}

/** The paths that a record must carry at least one of to pass the clamp. */
export function clampPaths(clamp: ReadClamp): ClampPaths {
  const exact = new Set<string>();
  const below = new Set<string>();
  if (clamp.lens !== undefined) {
    for (const clause of clamp.lens) {
      const first = clause[0] ?? "/";
      if (first === "*") below.add("/");
      const root = first.endsWith("/*") ? first.slice(0, -2) : first;
      for (const path of [root, ...ancestorsOf(root)]) exact.add(path);
      if (first.endsWith("/*")) below.add(root);
    }
  } else if (clamp.subset === undefined) {
    for (const pattern of clamp.patterns) {
      if (pattern === "*" || pattern === "/*") {
        below.add("/");
        continue;
      }
      const root = pattern.endsWith("/*") ? pattern.slice(0, -2) : pattern;
      exact.add(root);
      if (pattern.endsWith("/*")) below.add(root);
    }
  } else {
    for (const path of closure(clamp.subset)) exact.add(path);
  }
  return { exact: [...exact], below: [...below] };
}

function seesEverything(patterns: readonly string[]): boolean {
  return patterns.some((pattern) => pattern === "*" || pattern === "/*");
}

function isInvolved(lens: readonly string[], clause: readonly string[]): boolean {
  return lens.every((wanted) => {
    if (wanted === "*") return true;
    const root = wanted.endsWith("/*") ? wanted.slice(0, -2) : wanted;
    const ancestors = ancestorsOf(root);
    return clause.some(
      (path) =>
        path === root ||
        path === "/" ||
        ancestors.includes(path) ||
        (wanted.endsWith("/*") && patternCovers(wanted, path)),
    );
  });
}

function isInside(clause: readonly string[], subset: ScopeSets): boolean {
  const allowed = closure(subset);
  return clause.every((path) => allowed.has(path));
}

function closure(subset: ScopeSets): Set<string> {
  return new Set(["/", ...subset.flat().flatMap((path) => [path, ...ancestorsOf(path)])]);
}
