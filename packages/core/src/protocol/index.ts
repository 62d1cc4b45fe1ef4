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
export { FACT_KEYS, SELF } from "./extraction.ts";
export { extractionRequest } from "./extraction-request.ts";
export { readExtraction } from "./read-extraction.ts";
export type * from "./extraction.ts";
export type { ExtractionRequest } from "./extraction-request.ts";
export type { ReadExtraction } from "./read-extraction.ts";
