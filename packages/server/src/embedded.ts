import { join } from "node:path";
import { createEngine, openSqliteStore } from "@spectron/engine";
import { createApp } from "./app.ts";
import { mintKey, ownerKeyRecord } from "./auth/keys.ts";
import { enginePorts } from "./spectron-config.ts";
import type { SpectronConfig } from "./spectron-config.ts";

export interface EmbeddedOptions extends SpectronConfig {
  /** The database file, such as `./memory.db`; a folder gets a `memory.db` inside. */
  path: string;
  /** @default "default" */
  context?: string | undefined;
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
    ...enginePorts(options),
    onExtractorError: options.onError,
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
