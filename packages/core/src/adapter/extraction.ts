// What an extractor over a framework's model needs; apart from the kit, because few applications use one.
export { extractionRequest } from "../protocol/extraction-request.ts";
export { readExtraction } from "../protocol/read-extraction.ts";
export type { Extractor } from "../protocol/extraction.ts";
