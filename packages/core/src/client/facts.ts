import type {
  FactsBatchRequest,
  FactsBatchResponse,
  FactsRequest,
  FactsResponse,
} from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import type { WriteOptions } from "./options.ts";

export interface Facts {
  /** One utterance, triples, or literal text. */
  add(request: FactsRequest, options?: WriteOptions): Promise<FactsResponse>;
  /** Messages of one conversation, stored together or not at all. */
  batch(request: FactsBatchRequest, options?: WriteOptions): Promise<FactsBatchResponse>;
}

export function createFacts({ post }: Calls): Facts {
  return {
    add: async (request, options) => post("facts", [], request, { ...options, field: "sessionId" }),
    batch: async (request, options) =>
      post("facts/batch", [], request, { ...options, field: "turnIds" }),
  };
}
