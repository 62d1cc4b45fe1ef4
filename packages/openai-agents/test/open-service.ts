import { Runner } from "@openai/agents";
import type { Agent, AgentInputItem, Session } from "@openai/agents";
import type { MemoryError, Spectron } from "@spectron/core";
import { memorySession } from "@spectron/openai-agents";
import type { MemorySession, MemorySessionOptions } from "@spectron/openai-agents";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { afterAll, beforeAll } from "vitest";

/** One person on the service of this file: a scope and a conversation that no other test uses. */
export interface Person {
  spectron: Spectron;
  scope: string;
  session: string;
  /** So long that a busy machine changes nothing. */
  recall: { timeoutMs: number };
  errors: string[];
  onError: (error: MemoryError, where: { operation: string }) => void;
  open(changes?: Partial<MemorySessionOptions>): MemorySession;
  /** What was said, as memory heard it, oldest first. */
  remembered(): Promise<string[]>;
  facts(): Promise<string[]>;
}

/** One service for the whole file, and a new person for each test. */
export function openService(): { person: () => Person; service: () => TestService } {
  let service: TestService;
  let count = 0;
  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(async () => {
    await service.stop();
  });
  return {
    service: () => service,
    person() {
      count += 1;
      const scope = `org/acme/user/person-${count}`;
      const session = `thread-${count}`;
      const errors: string[] = [];
      const { spectron } = service;
      const onError: Person["onError"] = (error, where) => {
        errors.push(`${where.operation}: ${error.code}`);
      };
      return {
        spectron,
        scope,
        session,
        recall: { timeoutMs: 60_000 },
        errors,
        onError,
        open: (changes = {}) =>
          memorySession({ spectron, scope, session, onError, timeoutMs: 60_000, ...changes }),
        async remembered() {
          await spectron.flush();
          return service
            .batches()
            .filter(({ body }) => JSON.stringify(body).includes(`"${scope}"`))
            .flatMap(({ body }) =>
              (body.messages as { role: string; content: string; remember?: boolean }[])
                .filter(({ remember }) => remember !== false)
                .map(({ role, content }) => `${role}: ${content}`),
            );
        },
        async facts() {
          await spectron.flush();
          const { static: known } = await spectron.profile({ lens: [[scope]] });
          return known.map(({ key, value }) => `${key}: ${value}`);
        },
      };
    },
  };
}

export const user = (text: string): AgentInputItem => ({
  type: "message",
  role: "user",
  content: text,
});

/** Runs to the end, whatever that is; streaming means that everything is read. */
export async function runToEnd(
  // oxlint-disable-next-line typescript/no-explicit-any -- any agent
  agent: Agent<any, any>,
  input: string | AgentInputItem[],
  options: {
    session?: Session;
    stream: boolean;
    maxTurns?: number;
    context?: unknown;
    signal?: AbortSignal;
    conversationId?: string;
    errorHandlers?: { maxTurns: () => { finalOutput: string; includeInHistory: boolean } };
  },
): Promise<{ output: unknown; error: unknown }> {
  const runner = new Runner({ tracingDisabled: true });
  const { stream, ...rest } = options;
  try {
    if (!stream)
      return { output: (await runner.run(agent, input, rest)).finalOutput, error: undefined };
    const result = await runner.run(agent, input, { ...rest, stream: true });
    for await (const _ of result) void _;
    await result.completed;
    return { output: result.cancelled ? undefined : result.finalOutput, error: undefined };
  } catch (error) {
    return { output: undefined, error };
  }
}
