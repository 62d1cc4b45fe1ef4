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

/** Gives turns their vectors, behind the back of writes and reads. */
export interface Embedding {
  readonly model: string;
  /** The question as a vector. */
  question(text: string): Promise<Int8Array>;
  /** Embeds what has no vector of this model, in the whole context or one session; settles when nothing is left. */
  catchUp(context: string, session?: string): Promise<void>;
}

/** Texts in one call, and vectors in one transaction. */
const BATCH = 64;
/** A question waits this long for its vector, then goes by words. */
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
  return {
    model,

    async question(text) {
      const [vector] = await embedAll(embedder, [text], {
        signal: AbortSignal.timeout(QUESTION_MS),
      });
      return vector ?? new Int8Array(embedder.dimensions);
    },

    async catchUp(context, session) {
      let before: number | undefined;
      for (;;) {
        const gap = await store.read("vectorGap", {
          context,
          model,
          session,
          before,
          limit: BATCH,
        });
        onProgress?.({ context, model, embedded: gap.embedded, total: gap.total });
        if (gap.turns.length === 0 || signal.aborted) return;
        const texts = gap.turns.map(({ text }) => text);
        const vectors = await embedAll(embedder, texts, { signal });
        await store.write("putVectors", {
          context,
          model,
          vectors: new Map(
            gap.turns.map(({ key }, at) => [
              key,
              vectors[at] ?? new Int8Array(embedder.dimensions),
            ]),
          ),
        });
        before = gap.turns.at(-1)?.key;
      }
    },
  };
}
