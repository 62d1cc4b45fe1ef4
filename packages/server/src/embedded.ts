import { createEngine } from "@spectron/engine";
import { createApp } from "./app.ts";
import type { OnError } from "./app.ts";
import { mintKey, ownerKeyRecord } from "./auth/keys.ts";
import { contextName } from "./context-name.ts";
import { noPlace, openStore } from "./open-store.ts";
import type { StorePlace } from "./open-store.ts";
import { enginePorts } from "./spectron-config.ts";
import type { SpectronConfig } from "./spectron-config.ts";

/** One of `path` and `database` says where memory is kept. */
export interface EmbeddedOptions extends StorePlace, SpectronConfig {
  /** @default "dev" */
  context?: string | undefined;
  /** Clock for tests, epoch milliseconds. @default Date.now */
  now?: (() => number) | undefined;
  /** Tags of older clients that join into one scope path (see `AppOptions`). @default [] */
  tagDimensions?: readonly string[] | undefined;
  onError?: OnError | undefined;
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
  // callers without types hand in a path, or nothing
  if (!(options instanceof Object)) throw noPlace();
  const context = contextName(options.context);
  const engine = createEngine({
    store: await openStore(options),
    ...enginePorts(options),
    onExtractorError: options.onError,
    now: options.now,
  });
  // the key never leaves this process; on a file, which has one process, each start replaces the last one's
  const apiKey = mintKey(options.path === undefined ? undefined : "embedded");
  try {
    await engine.bootstrap(await ownerKeyRecord(context, apiKey));
  } catch (error) {
    await engine.close();
    throw error;
  }
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
