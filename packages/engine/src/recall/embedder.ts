/** Turns texts into vectors: the user's own model, or a plain function. Without one, recall goes by words alone. */
export interface Embedder {
  /** Names the model and its version; vectors of another name are made anew. */
  readonly name: string;
  readonly dimensions: number;
  /** One vector for each text, in order. */
  embed(
    texts: readonly string[],
    options?: { signal?: AbortSignal | undefined },
  ): Promise<readonly (Float32Array | readonly number[])[]>;
}

/** What the AI SDK calls an embedding model, as far as it is used here. */
export interface EmbeddingModel {
  readonly modelId: string;
  readonly maxEmbeddingsPerCall?: number | undefined | PromiseLike<number | undefined>;
  doEmbed(options: {
    values: string[];
    abortSignal?: AbortSignal | undefined;
  }): PromiseLike<{ embeddings: number[][] }>;
}

/** What LangChain calls embeddings, as far as it is used here. */
export interface DocumentEmbeddings {
  embedDocuments(texts: string[]): Promise<number[][]>;
}

/** Texts in one call of a model that names no limit. */
const DEFAULT_BATCH = 64;

/** An embedder from an AI SDK embedding model. */
export function fromEmbeddingModel(
  model: EmbeddingModel,
  options: { dimensions: number; name?: string | undefined },
): Embedder {
  return {
    name: options.name ?? model.modelId,
    dimensions: options.dimensions,
    async embed(texts, { signal } = {}) {
      const size = (await model.maxEmbeddingsPerCall) ?? DEFAULT_BATCH;
      const vectors: number[][] = [];
      for (let at = 0; at < texts.length; at += size) {
        const values = texts.slice(at, at + size);
        vectors.push(...(await model.doEmbed({ values, abortSignal: signal })).embeddings);
      }
      return vectors;
    },
  };
}

/** An embedder from LangChain embeddings, which do not tell their name. */
export function fromEmbeddings(
  model: DocumentEmbeddings,
  options: { dimensions: number; name: string },
): Embedder {
  return { ...options, embed: async (texts) => model.embedDocuments([...texts]) };
}
