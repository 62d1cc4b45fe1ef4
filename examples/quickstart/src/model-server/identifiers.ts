import { createHash } from "node:crypto";

/** Makes an id for one thing in one answer, such as `resp_3f…`. */
export type MakeId = (prefix: string) => string;

export interface Identifiers {
  /** The same body gives the same ids in every run; a repeat within a run gets its own. */
  forRequest(path: string, body: unknown): MakeId;
}

/** Ids from a hash of the request and the number of times it was seen, so order between requests does not matter. */
export function createIdentifiers(): Identifiers {
  const seen = new Map<string, number>();
  return {
    forRequest(path, body) {
      const hash = createHash("sha256")
        .update(`${path}\n${JSON.stringify(body)}`)
        .digest("hex")
        .slice(0, 24);
      const count = (seen.get(hash) ?? 0) + 1;
      seen.set(hash, count);
      const suffix = count === 1 ? hash : `${hash}_${count}`;
      return (prefix) => `${prefix}_${suffix}`;
    },
  };
}
