export { canonicalJson } from "./canonical-json.ts";
export {
  ancestorsOf,
  normalizePath,
  normalizeSelector,
  patternCovers,
  ScopeSyntaxError,
} from "./scope.ts";
export type { Selector } from "./scope.ts";
export type * from "./access.ts";
export type * from "./chat.ts";
export type * from "./reads.ts";
export type * from "./types.ts";
