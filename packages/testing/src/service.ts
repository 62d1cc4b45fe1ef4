import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSpectron } from "@spectron/core";
import type { Spectron, SpectronOptions } from "@spectron/core";
import { embedded } from "@spectron/server";
import type { EmbeddedOptions, EmbeddedService } from "@spectron/server";

/** A request that reached the service. */
export interface RecordedRequest {
  method: string;
  path: string;
  idempotencyKey: string | null;
  body: unknown;
}

export interface TestService {
  spectron: Spectron;
  service: EmbeddedService;
  /** The database file. */
  path: string;
  /** The recording transport, for further handles. */
  fetch: typeof globalThis.fetch;
  requests: RecordedRequest[];
  /** Bodies of `facts/batch`, in order of arrival. */
  batches(): { key: string | null; body: { messages: { role: string; content: string }[] } }[];
  /** Everything that is stored of a scope, oldest first, over all its sessions. */
  stored(): Promise<string[]>;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>;
  /** Forgets the requests and sessions seen so far, so that cases can share a service. */
  reset(): void;
  stop(): Promise<void>;
}

/** The real service in this process on a temporary file, with every request written down. */
export async function startTestService(
  options: {
    now?: () => number;
    client?: Partial<SpectronOptions>;
    extractor?: EmbeddedOptions["extractor"];
    embedder?: EmbeddedOptions["embedder"];
    onEmbedding?: EmbeddedOptions["onEmbedding"];
    generator?: EmbeddedOptions["generator"];
  } = {},
): Promise<TestService> {
  const folder = await mkdtemp(join(tmpdir(), "spectron-"));
  const path = join(folder, "memory.db");
  const service = await embedded({
    path,
    context: "dev",
    now: options.now,
    extractor: options.extractor,
    embedder: options.embedder,
    onEmbedding: options.onEmbedding,
    generator: options.generator,
  });
  const requests: RecordedRequest[] = [];
  const sessions = new Set<string>();
  const recording: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const text = await request.clone().text();
    requests.push({
      method: request.method,
      path: new URL(request.url).pathname,
      idempotencyKey: request.headers.get("idempotency-key"),
      body: text === "" ? undefined : JSON.parse(text),
    });
    const response = await service.fetch(request);
    if (new URL(request.url).pathname.endsWith("/facts/batch") && response.ok)
      sessions.add(((await response.clone().json()) as { sessionId: string }).sessionId);
    return response;
  };
  const spectron = createSpectron({ ...service, fetch: recording, ...options.client });
  return {
    spectron,
    service,
    path,
    fetch: recording,
    requests,
    batches: () =>
      requests
        .filter((request) => request.path.endsWith("/facts/batch"))
        .map((request) => ({
          key: request.idempotencyKey,
          body: request.body as { messages: { role: string; content: string }[] },
        })),
    async stored() {
      const lines: string[] = [];
      for (const id of sessions) {
        const { turns } = await spectron.sessions.turns(id, { limit: 500 });
        lines.push(...turns.map((turn) => `${turn.role}: ${turn.content}`));
      }
      return lines;
    },
    call: async (method, route, body, headers = {}) =>
      service.fetch(
        new Request(`${service.url}${route}`, {
          method,
          headers: { authorization: `Bearer ${service.apiKey}`, ...headers },
          ...(body === undefined
            ? {}
            : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        }),
      ),
    reset() {
      requests.length = 0;
      sessions.clear();
    },
    async stop() {
      await spectron.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
