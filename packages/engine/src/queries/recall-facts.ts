import type { QueryHit } from "@spectron/core/protocol";
import type { RankedFact } from "../recall/fact-index.ts";
import type { Reader } from "../stores/store.ts";
import { viewFacts } from "./fact-view.ts";

/** Ranked facts as hits, and the names of the entities that they are about. */
export async function toFactHits(
  reader: Reader,
  context: number,
  ranked: readonly RankedFact[],
): Promise<{ hits: QueryHit[]; entities: string[] }> {
  if (ranked.length === 0) return { hits: [], entities: [] };
  const view = await viewFacts(
    reader,
    context,
    ranked.map(({ fact }) => fact),
  );
  return {
    hits: ranked.map(({ fact, about, score }, index) => ({
      id: fact.id,
      // a list that is merged with others keeps its order among equals
      score: score - index * 1e-9,
      source: fact.kind === "relation" ? "entity" : "attribute",
      text: `${about} ${fact.key}: ${fact.value}`.trim(),
      occurredAt: new Date(fact.validFrom).toISOString(),
      sources: view.sources(fact),
    })),
    entities: [...new Set(ranked.map(({ about }) => about))].filter((name) => name !== ""),
  };
}
