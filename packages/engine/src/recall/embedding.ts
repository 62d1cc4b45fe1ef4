import { EngineError } from "../model/errors.ts";
import type { RecallInput } from "../queries/recall.ts";
import type { Store } from "../stores/store.ts";
import type { Embedder } from "./embedder.ts";
import { embedAll } from "./vectors.ts";

export interface EmbeddingProgress {
  context: string;
  /** Name of the model. */
  model: string;
  /** Turns that have a vector of this model, of all that recall may find. */
  embedded: number;
  total: number;
}

/** Gives turns and questions their vectors. */
export interface Embedding {
  /** The question's vector, when its mode uses one; hybrid goes by words alone when the model fails. */
  toVector(question: Pick<RecallInput, "query" | "mode">): Promise<RecallInput["vector"]>;
  /**
   * Embeds what has no vector of this model: the whole context once after a start, whatever model made the vectors
   * before, then what one session got. Settles when nothing is left.
   */
  catchUp(context: string, session?: string): Promise<void>;
}

/** Texts in one call, and vectors in one transaction. */
const BATCH = 64;
/** A question waits this long for its vector. */
const QUESTION_MS = 2000;

export function createEmbedding(options: {
  store: Store;
  embedder: Embedder;
  onProgress?: ((progress: EmbeddingProgress) => void) | undefined;
  /** Ends work in the background. */
  signal: AbortSignal;
}): Embedding {
  const { store, embedder, onProgress, signal } = options;
  const model = `${embedder.name}/${embedder.dimensions}`;
  const whole = new Map<string, Promise<void>>();

  async function walk(context: string, session?: string): Promise<void> {
    let before: number | undefined;
    for (;;) {
      const gap = await store.read("vectorGap", { context, model, session, before, limit: BATCH });
      onProgress?.({ context, model, embedded: gap.embedded, total: gap.total });
      if (gap.turns.length === 0 || signal.aborted) return;
      const texts = gap.turns.map(({ text }) => text);
      const made = await embedAll(embedder, texts, { signal });
      const vectors = new Map<number, Int8Array>();
      for (const [at, { key }] of gap.turns.entries()) {
        const vector = made[at];
        if (vector !== undefined) vectors.set(key, vector);
      }
      await store.write("putVectors", { context, model, vectors });
      before = gap.turns.at(-1)?.key;
    }
  }

  return {
    async toVector({ query, mode }) {
      if (mode === "bm25" || mode === "graph") return undefined;
      try {
        const [values] = await embedAll(embedder, [query], {
          signal: AbortSignal.any([signal, AbortSignal.timeout(QUESTION_MS)]),
        });
        return values === undefined ? undefined : { model, values };
      } catch (error) {
        if (mode !== "vector") return undefined;
        throw error instanceof EngineError
          ? error
          : new EngineError("embedder_failed", "The embedder failed.", { cause: error });
      }
    },

    async catchUp(context, session) {
      const known = whole.get(context) ?? walk(context);
      whole.set(context, known);
      try {
        await known;
      } catch (error) {
        whole.delete(context);
        throw error;
      }
      if (session !== undefined) await walk(context, session);
    },
  };
}
