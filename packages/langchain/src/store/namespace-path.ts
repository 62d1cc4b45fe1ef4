import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";

/** The scope path of a namespace below the store's root. */
export function namespacePath(root: string, namespace: readonly string[]): string {
  const segments = [...(root === "/" ? [] : [root]), ...namespace.map(toSegment)];
  return segments.length === 0 ? "/" : segments.join("/");
}

/** @throws InvalidNamespaceError for a label that no store takes. */
export function checkNamespace(namespace: readonly string[]): void {
  if (namespace.length === 0) throw new InvalidNamespaceError("Namespace cannot be empty.");
  for (const label of namespace)
    if (typeof label !== "string" || label === "" || label.includes("\0"))
      throw new InvalidNamespaceError("Namespace labels are texts that are not empty.");
}

/** True when a namespace lies at or below a prefix; `*` stands for any one label. */
export function startsWith(namespace: readonly string[], prefix: readonly string[]): boolean {
  return (
    prefix.length <= namespace.length &&
    prefix.every((label, index) => label === "*" || label === namespace[index])
  );
}

export function endsWith(namespace: readonly string[], suffix: readonly string[]): boolean {
  return startsWith(namespace.toReversed(), suffix.toReversed());
}

// oxlint-disable-next-line no-control-regex -- what a scope segment cannot hold
const RESERVED = /[%/*\u0000-\u001f\u007f]/g;

/** Two labels never share a segment: what a segment cannot hold, or would change, is percent-encoded. */
function toSegment(label: string): string {
  if (label === "." || label === "..") return label.replaceAll(".", "%2E");
  if (label !== label.normalize("NFC")) return encodeURIComponent(label).replaceAll("*", "%2A");
  return label.replaceAll(
    RESERVED,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
