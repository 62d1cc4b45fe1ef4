import type { MemoryOptions } from "@spectron/core/adapter";
import type { Session } from "@openai/agents";

/** A fixed value, or one read from the application's run context. */
export type FromContext = string | ((context: unknown) => string | undefined);

export interface MemorySessionOptions extends MemoryOptions {
  /** Whose memory, such as `org/acme/user/alice`; a function reads it from the run's context. */
  scope: FromContext;
  /** The conversation, such as a thread id. */
  session: string;
  /** Longest that a run waits for its history, and for its storing, before it goes on without. @default 2000 */
  timeoutMs?: number | undefined;
}

export interface DecoratedSessionOptions<Inner extends Session> extends MemorySessionOptions {
  /** Keeps the items; memory is stored beside it. Absent: the service keeps them itself. */
  transcript: Inner;
}

export interface MemoryInstructionsOptions extends MemoryOptions {
  /** Whose memory; a function reads it from the run's context. */
  scope: FromContext;
  session: FromContext;
}

export function fromContext(source: FromContext, context: unknown): string {
  return (typeof source === "function" ? source(context) : source) ?? "";
}
