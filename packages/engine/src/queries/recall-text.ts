import type { Reader } from "../stores/store.ts";
import { recall } from "./recall.ts";
import type { RecallInput, RecallResult } from "./recall.ts";

/** What recall found, as it is sent and kept. */
export interface RecallText extends Omit<RecallResult, "hits" | "reasons"> {
  /** `QueryHit[]` as JSON. */
  hits: string;
  returned: number;
  /** Scores of the first five. */
  topScores: number[];
  /** Ids of the facts among the hits. */
  facts: string[];
  /** `RecallResult["reasons"]` as JSON. */
  reasons: string;
}

/**
 * Recall with its lists written out where they are made: a text crosses to another thread, a response and a stored trace
 * as it is, and a list of objects would be copied one by one each time.
 */
export async function recallText(
  reader: Reader,
  input: RecallInput & {
    /** Leaves the words out of the hits. */
    brief?: boolean | undefined;
  },
): Promise<RecallText> {
  const { hits, reasons, ...result } = await recall(reader, input);
  return {
    ...result,
    hits: JSON.stringify(
      input.brief === true ? hits.map(({ id, score, sources }) => ({ id, score, sources })) : hits,
    ),
    returned: hits.length,
    topScores: hits.slice(0, 5).map(({ score }) => score),
    facts: hits.filter(({ source }) => source !== "turn").map(({ id }) => id),
    reasons: JSON.stringify(reasons),
  };
}
