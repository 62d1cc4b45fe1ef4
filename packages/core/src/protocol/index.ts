export { canonicalJson } from "./canonical-json.ts";
export {
  ancestorsOf,
  normalizePath,
  normalizeSelector,
  patternCovers,
  ScopeSyntaxError,
} from "./scope.ts";
export type { Selector } from "./scope.ts";
export type * from "./types.ts";
export type * from "./reads.ts";
