import type { EventEmitter } from "node:events";
import { join } from "node:path";
import { serve as listen } from "@hono/node-server";
import { createEngine } from "@spectron/engine";
import { createApp } from "./app.ts";
import type { OnError } from "./app.ts";
import { checkChosenKey, mintKey, ownerKeyRecord } from "./auth/keys.ts";
import { contextName } from "./context-name.ts";
import { openStore } from "./open-store.ts";
import { enginePorts } from "./spectron-config.ts";
import type { SpectronConfig } from "./spectron-config.ts";

export interface ServeOptions extends SpectronConfig {
  /** Folder of the database file; absent with `database`. */
  data?: string | undefined;
  /** URL of a PostgreSQL database instead; any number of servers may share it. */
  database?: string | undefined;
  /** @default "127.0.0.1" */
  host?: string | undefined;
  /** 0 picks a free port. @default 9090 */
  port?: number | undefined;
  /** @default "dev" */
  context?: string | undefined;
  /** A key of your own, at least 16 characters, beside the stored ones. It is not stored: it holds until `close()`. */
  apiKey?: string | undefined;
  /** Replaces the first key by a new one, as when it was lost or seen by others. @default false */
  newKey?: boolean | undefined;
  /** Tags of older clients that join into one scope path (see `AppOptions`). @default [] */
  tagDimensions?: readonly string[] | undefined;
  onError?: OnError | undefined;
}

export interface RunningServer {
  url: string;
  context: string;
  /** Present only when this start made it. */
  newApiKey?: string | undefined;
  /** Milliseconds by which this machine's clock was behind the newest memory at the start, or 0. */
  clockBehind: number;
  close(): Promise<void>;
}

/** Longest time that requests under way get to finish when the server is told to stop. */
const DRAIN_MS = 10_000;
/** Longest time after it in which connections may take their last answer. */
const LAST_ANSWERS_MS = 1000;
/** Name of the key row that tells whether a context already has its first key. */
const FIRST_KEY = "first";
/** Name of the row that stands for the keys given by `apiKey`; nobody knows the secret of its own. */
const GIVEN_KEY = "given";

/** Serves one database over HTTP until closed. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const host = options.host ?? "127.0.0.1";
  const context = contextName(options.context);
  if (options.apiKey !== undefined) checkChosenKey(options.apiKey);
  const engine = createEngine({
    store: await openStore({
      path: options.data === undefined ? undefined : join(options.data, "memory.db"),
      database: options.database,
    }),
    ...enginePorts(options),
    onExtractorError: options.onError,
  });
  const loopback = ["127.0.0.1", "localhost", "[::1]", "::1"];
  const underWay = createCounter();
  const app = createApp({
    engine,
    isStopping: () => underWay.isClosed(),
    tagDimensions: options.tagDimensions,
    hosts: loopback.includes(host) ? loopback : undefined,
    givenKey:
      options.apiKey === undefined ? undefined : { context, key: options.apiKey, row: GIVEN_KEY },
    onError: options.onError,
  });
  // a key is made once the port is held, so that no start that fails keeps the only sight of it
  const ready = Promise.withResolvers<void>();
  const server = await new Promise<ReturnType<typeof listen>>((resolve, reject) => {
    const made = listen(
      {
        fetch: async (request) => {
          await ready.promise;
          return app(request);
        },
        hostname: host,
        port: options.port ?? 9090,
      },
      () => {
        resolve(made);
      },
    );
    made.on("error", reject);
  }).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  server.on("request", (_request: unknown, response: EventEmitter) => {
    response.once("close", underWay.add());
  });
  const newApiKey = await ensureKey(engine, context, options)
    .finally(ready.resolve)
    .catch(async (error: unknown) => {
      server.close();
      await engine.close();
      throw error;
    });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    context,
    ...(newApiKey === undefined ? {} : { newApiKey }),
    clockBehind: Math.max(0, engine.now() - Date.now()),
    async close() {
      // new requests are told to come back, on connections that stay open for it, until the last one is answered
      await underWay.close(DRAIN_MS);
      await new Promise<void>((resolve) => {
        const closeIdle = setInterval(() => {
          if ("closeIdleConnections" in server) server.closeIdleConnections();
        }, 20);
        const cut = setTimeout(() => {
          if ("closeAllConnections" in server) server.closeAllConnections();
        }, LAST_ANSWERS_MS);
        server.close(() => {
          clearInterval(closeIdle);
          clearTimeout(cut);
          resolve();
        });
      });
      await engine.close();
    },
  };
}

interface Counter {
  isClosed(): boolean;
  /** Counts one request until the answer of this is called; none any more once closed. */
  add(): () => void;
  /** Waits until none is left, at most so long. */
  close(mostMs: number): Promise<void>;
}

function createCounter(): Counter {
  let count = 0;
  let closed = false;
  let onNone = (): void => undefined;
  return {
    isClosed: () => closed,
    add() {
      if (closed) return () => undefined;
      count += 1;
      return () => {
        count -= 1;
        if (count === 0) onNone();
      };
    },
    async close(mostMs) {
      closed = true;
      if (count === 0) return;
      await new Promise<void>((resolve) => {
        const cut = setTimeout(resolve, mostMs);
        onNone = () => {
          clearTimeout(cut);
          resolve();
        };
      });
    },
  };
}

/** Makes the row that the caller's key stands for, or the first key of the context, which it returns. */
async function ensureKey(
  engine: ReturnType<typeof createEngine>,
  context: string,
  { apiKey, newKey = false }: ServeOptions,
): Promise<string | undefined> {
  const make = async (name: string): Promise<string> => {
    const key = mintKey(name);
    await engine.bootstrap(await ownerKeyRecord(context, key));
    return key;
  };
  const isThere = async (name: string): Promise<boolean> =>
    (await engine.read("findKey", { context, name })) !== undefined;
  if (apiKey !== undefined && !(await isThere(GIVEN_KEY))) await make(GIVEN_KEY);
  if (!newKey && (apiKey !== undefined || (await isThere(FIRST_KEY)))) return undefined;
  return make(FIRST_KEY);
}
