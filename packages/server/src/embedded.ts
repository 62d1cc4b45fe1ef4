import { join } from "node:path";
import { createEngine, openSqliteStore } from "@spectron/engine";
import type { Embedder, EmbeddingProgress, Extractor, Generator } from "@spectron/engine";
import { createApp } from "./app.ts";
import { mintKey, ownerKeyRecord } from "./auth/keys.ts";

export interface EmbeddedOptions {
  /** The database file, such as `./memory.db`; a folder gets a `memory.db` inside. */
  path: string;
  /** @default "default" */
  context?: string | undefined;
  /** Who turns messages into facts. @default rules, no model */
  extractor?: Extractor | undefined;
  /** Adds likeness of meaning to recall. @default none: recall goes by words */
  embedder?: Embedder | undefined;
  /** Told how far the embedder is with the turns of a context. */
  onEmbedding?: ((progress: EmbeddingProgress) => void) | undefined;
  /** Writes replies and reflections. @default none: no chat, and reflections quote what was said */
  generator?: Generator | undefined;
  /** Clock for tests, epoch milliseconds. @default Date.now */
  now?: (() => number) | undefined;
  /** Tags of older clients that join into one scope path (see `AppOptions`). @default [] */
  tagDimensions?: readonly string[] | undefined;
  onError?: ((error: unknown) => void) | undefined;
}

/** What `createSpectron` takes, and `close()`. */
export interface EmbeddedService {
  url: string;
  apiKey: string;
  context: string;
  fetch: typeof globalThis.fetch;
  close(): Promise<void>;
}

/**
 * Starts the memory service inside this process, durable, without a port or an account.
 *
 * @throws EngineError `store_locked` when another process holds the file.
 */
export async function embedded(options: EmbeddedOptions): Promise<EmbeddedService> {
  const context = options.context ?? "default";
  const path = /\.\w+$/.test(options.path) ? options.path : join(options.path, "memory.db");
  const engine = createEngine({
    store: await openSqliteStore({ path }),
    extractor: options.extractor,
    embedder: options.embedder,
    onEmbedding: options.onEmbedding,
    generator: options.generator,
    now: options.now,
  });
  // the key never leaves this process, so each start mints its own under one name
  const apiKey = mintKey();
  await engine.bootstrap({ ...(await ownerKeyRecord(context, apiKey)) });
  const app = createApp({
    engine,
    tagDimensions: options.tagDimensions,
    onError: options.onError,
  });
  return {
    url: "http://embedded.spectron",
    apiKey,
    context,
    fetch: async (input, init) => app(new Request(input, init)),
    close: async () => engine.close(),
  };
}
