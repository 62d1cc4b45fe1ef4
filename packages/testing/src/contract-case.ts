import { createSpectron } from "@spectron/core";
import type { MemoryError, Spectron } from "@spectron/core";
import type { AdapterApp, AppBinding } from "./adapter-app.ts";
import type { TestService } from "./service.ts";

/** What one case of the contract works with; scope and session are its own, so cases share a service. */
export interface ContractCase {
  service: TestService;
  scope: string;
  errors: MemoryError[];
  app: (changes?: Partial<AppBinding>) => AdapterApp;
  /** A handle whose requests a fault decides: it answers, throws, or lets the real service answer with undefined. */
  faulty: (fault: (request: Request) => Promise<Response | undefined>) => Spectron;
  flush: () => Promise<void>;
  /** Requests of a route since the case began. */
  asked: (route: string) => number;
}

let cases = 0;

/** Begins a case on a service that other cases used. */
export async function beginCase(
  service: TestService,
  createApp: (binding: AppBinding) => AdapterApp,
  stream: boolean,
): Promise<ContractCase> {
  await service.spectron.flush();
  service.reset();
  cases += 1;
  const scope = `org/acme/user/u${cases}`;
  const errors: MemoryError[] = [];
  return {
    service,
    scope,
    errors,
    app: ({ memory, ...changes } = {}) =>
      createApp({
        spectron: service.spectron,
        scope,
        session: `thread-${cases}`,
        stream,
        onError: (error) => errors.push(error),
        // a loaded machine may need longer than an application would wait
        memory: { recall: { timeoutMs: 20_000 }, ...memory },
        ...changes,
      }),
    faulty: (fault) =>
      createSpectron({
        ...service.service,
        retries: 0,
        retryBaseMs: 1,
        fetch: async (input, init) => {
          const request = new Request(input, init);
          return (await fault(request.clone())) ?? service.fetch(request);
        },
      }),
    flush: async () => {
      await service.spectron.flush();
    },
    asked: (route) => service.requests.filter(({ path }) => path.endsWith(`/${route}`)).length,
  };
}

/** True for the request that stores a unit. */
export function isWrite(request: Request): boolean {
  return request.url.endsWith("/facts/batch");
}

/** True for the requests that recall. */
export function isRead(request: Request): boolean {
  return /\/(?:context|profile|query)(?:\?|$)/.test(request.url);
}

/** The memory blocks of a prompt. */
export function blocksOf(prompt: string): string[] {
  return prompt.match(/<spectron-memory>[\s\S]*?<\/spectron-memory>/g) ?? [];
}

/** How often a text occurs. */
export function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
