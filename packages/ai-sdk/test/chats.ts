import { memoryOptions } from "@spectron/ai-sdk";
import type { MemoryMiddlewareOptions } from "@spectron/ai-sdk";
import type { MemoryError } from "@spectron/core";
import type { TestService } from "@spectron/testing";
import { generateText, jsonSchema, streamText, tool } from "ai";
import type { Tool } from "ai";

/** What a service received of one chat. */
export interface Batch {
  key: string | null;
  body: { messages: { role: string; content: string; id?: string }[] };
}

/** One user and one conversation on a shared service. */
export interface Chat {
  scope: string;
  session: string;
  errors: MemoryError[];
  options: MemoryMiddlewareOptions;
  providerOptions: ReturnType<typeof memoryOptions>;
  batches(): Batch[];
  /** Requests that asked for memory. */
  reads(): number;
  /** What the service holds of the conversation, in order. */
  stored(): Promise<string[]>;
}

let count = 0;

/** A user of their own, so that chats on one service do not see each other. */
export function newChat(
  service: TestService,
  changes: Partial<MemoryMiddlewareOptions> = {},
): Chat {
  count += 1;
  const scope = `user/u${count}`;
  const session = `chat-${count}`;
  const errors: MemoryError[] = [];
  const ours = (): Batch[] =>
    service.batches().filter(({ body }) => JSON.stringify(body).includes(`"${scope}"`));
  return {
    scope,
    session,
    errors,
    options: {
      spectron: service.spectron,
      // correctness is tested here; a busy machine may need longer than the default
      recall: { timeoutMs: 20_000 },
      onError: (error) => errors.push(error),
      ...changes,
    },
    get providerOptions() {
      return memoryOptions({ scope, session });
    },
    batches: ours,
    reads: () =>
      service.requests.filter(
        ({ path, body }) =>
          path.endsWith("/context") && JSON.stringify(body).includes(`"${scope}"`),
      ).length,
    async stored() {
      await service.spectron.flush();
      const id = (ours()[0]?.body as { session_id?: string } | undefined)?.session_id;
      if (id === undefined) return [];
      const { turns } = await service.spectron.sessions.turns(id, { limit: 500 });
      return turns.map((turn) => `${turn.role}: ${turn.content}`);
    },
  };
}

/** Both ways to call a model, one after the other. */
export const modes = [
  ["generate", false],
  ["stream", true],
] as const;

/** Calls the model in one of the two ways and gives the whole text. */
export async function ask(
  stream: boolean,
  call: Parameters<typeof generateText>[0],
): Promise<string> {
  if (!stream) return (await generateText(call)).text;
  const result = streamText({
    ...(call as Parameters<typeof streamText>[0]),
    onError: () => undefined,
  });
  // what breaks at the end of a stream breaks the reading of it; in ai 5 the text alone would never come
  for await (const part of result.fullStream) void part;
  return result.text;
}

/** A tool that gives what it is made with. */
export function weatherTool(result: unknown = "sunny"): {
  weather: Tool<{ city: string }, unknown>;
} {
  return {
    weather: tool({
      description: "The weather of a city.",
      inputSchema: jsonSchema<{ city: string }>({
        type: "object",
        properties: { city: { type: "string" } },
      }),
      execute: async () => result,
    }),
  };
}

/** An error that the SDK answers with another attempt. */
export function retryableError(): Error {
  return Object.assign(new Error("busy"), {
    [Symbol.for("vercel.ai.error")]: true,
    [Symbol.for("vercel.ai.error.AI_APICallError")]: true,
    isRetryable: true,
  });
}
