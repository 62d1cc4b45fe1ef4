import { MemoryError } from "@spectron/core";
import type { Session } from "@openai/agents";
import { decorateSession } from "./decorated-session.ts";
import type { DecoratedSessionOptions, MemorySessionOptions } from "./options.ts";
import { createStoredSession } from "./stored-session.ts";
import type { MemorySession } from "./stored-session.ts";

/**
 * A session whose conversation becomes memory that outlives it: kept by the service, or by a `transcript` of yours,
 * which keeps every capability that it has.
 *
 * @throws MemoryError `configuration` without a session id.
 */
export function memorySession<Inner extends Session>(
  options: DecoratedSessionOptions<Inner>,
): Inner;
export function memorySession(options: MemorySessionOptions): MemorySession;
export function memorySession(options: MemorySessionOptions & { transcript?: Session }): Session {
  if (typeof options.session !== "string" || options.session.trim() === "")
    throw new MemoryError(
      "configuration",
      'memorySession needs "session", such as your chat or thread id.',
    );
  const { transcript } = options;
  return transcript === undefined
    ? createStoredSession(options)
    : decorateSession(transcript, { ...options, transcript });
}
