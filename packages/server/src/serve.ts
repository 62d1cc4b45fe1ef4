import type { EventEmitter } from "node:events";
import { join } from "node:path";
import { serve as listen } from "@hono/node-server";
import { createEngine } from "@spectron/engine";
import { createApp } from "./app.ts";
import { mintKey, ownerKeyRecord } from "./auth/keys.ts";
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
  /** A fixed key, for tests. @default the key of the first start, shown once */
  apiKey?: string | undefined;
  /** Tags of older clients that join into one scope path (see `AppOptions`). @default [] */
  tagDimensions?: readonly string[] | undefined;
  onError?: ((error: unknown) => void) | undefined;
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

/** Serves one database over HTTP until closed. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const host = options.host ?? "127.0.0.1";
  const context = options.context ?? "dev";
  const engine = createEngine({
    store: await openStore({
      path: options.data === undefined ? undefined : join(options.data, "memory.db"),
      database: options.database,
    }),
    ...enginePorts(options),
    onExtractorError: options.onError,
  });
  const newApiKey = await ensureKey(engine, context, options.apiKey).catch(
    async (error: unknown) => {
      await engine.close();
      throw error;
    },
  );
  const loopback = ["127.0.0.1", "localhost", "[::1]", "::1"];
  const underWay = createCounter();
  const app = createApp({
    engine,
    isStopping: () => underWay.isClosed(),
    tagDimensions: options.tagDimensions,
    hosts: loopback.includes(host) ? loopback : undefined,
    onError: options.onError,
  });
  const server = await new Promise<ReturnType<typeof listen>>((resolve, reject) => {
    const made = listen({ fetch: app, hostname: host, port: options.port ?? 9090 }, () => {
      resolve(made);
    });
    made.on("error", reject);
  }).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  server.on("request", (_request: unknown, response: EventEmitter) => {
    response.once("close", underWay.add());
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

async function ensureKey(
  engine: ReturnType<typeof createEngine>,
  context: string,
  fixed: string | undefined,
): Promise<string | undefined> {
  if (fixed !== undefined) {
    await engine.bootstrap(await ownerKeyRecord(context, fixed));
    return undefined;
  }
  if ((await engine.read("findKey", { context, name: FIRST_KEY })) !== undefined) return undefined;
  const key = mintKey(FIRST_KEY);
  await engine.bootstrap(await ownerKeyRecord(context, key));
  return key;
}
