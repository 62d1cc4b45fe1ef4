import { createSpectron } from "@spectron/core";
import type { MemoryError, Spectron, SpectronOptions } from "@spectron/core";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";

/** One message as it travelled. */
export interface SentMessage {
  role: string;
  content: string;
  id?: string;
  parts?: unknown;
}

/** One stored unit of a scope. */
export interface SentUnit {
  key: string | null;
  messages: SentMessage[];
}

/** One real service for a whole file; each test takes a scope of its own. */
export interface Harness {
  service: TestService;
  spectron: Spectron;
  /** A user nobody has used. */
  newScope(): string;
  /** What is stored of a scope, in order, as `role: content`. */
  stored(scope: string): Promise<string[]>;
  /** Units that were sent for a scope, resends included. */
  units(scope: string): SentUnit[];
  /** A client whose requests pass through `fetch` first; undefined lets them through. */
  through(
    intercept: (request: Request) => Promise<Response | undefined> | Response | undefined,
    options?: Partial<SpectronOptions>,
  ): Spectron;
  stop(): Promise<void>;
}

export async function startHarness(): Promise<Harness> {
  const service = await startTestService();
  let scopes = 0;
  return {
    service,
    spectron: service.spectron,
    newScope: () => `org/acme/user/u${(scopes += 1)}`,
    async stored(scope) {
      await service.spectron.flush();
      const lens = encodeURIComponent(JSON.stringify([[scope]]));
      const response = await service.call("GET", `/api/v1/dev/sessions?lens=${lens}`);
      const { sessions } = (await response.json()) as { sessions: { id: string }[] };
      const lines: string[] = [];
      for (const { id } of sessions.toReversed()) {
        const { turns } = await service.spectron.sessions.turns(id, { limit: 500 });
        lines.push(
          ...turns
            .filter((turn) => turn.content !== "")
            .map((turn) => `${turn.role}: ${turn.content}`),
        );
      }
      return lines;
    },
    units: (scope) =>
      service
        .batches()
        .filter(({ body }) => JSON.stringify(body).includes(`"scopes":[["${scope}"]]`))
        .map(({ key, body }) => ({ key, messages: body.messages })),
    through(intercept, options = {}) {
      return createSpectron({
        ...service.service,
        ...options,
        fetch: async (input, init) => {
          const request = new Request(input, init);
          const answer = await intercept(request.clone());
          return answer ?? service.service.fetch(request);
        },
      });
    },
    stop: async () => service.stop(),
  };
}

/** An error handler that keeps what it is told. */
export function collectErrors(): {
  errors: MemoryError[];
  onError: (error: MemoryError) => void;
} {
  const errors: MemoryError[] = [];
  return { errors, onError: (error) => void errors.push(error) };
}
