import type { MemoryOptions } from "@spectron/core/adapter";

/** A fixed value, or one read from the application's run context. */
export type FromContext = string | ((context: unknown) => string | undefined);

export interface MemorySessionOptions extends MemoryOptions {
  /** Whose memory, such as `org/acme/user/alice`. */
  scope: string;
  /** The conversation, such as a thread id. */
  session: string;
}

export interface MemoryInstructionsOptions extends MemoryOptions {
  /** Whose memory; a function reads it from the run's context. */
  scope: FromContext;
  session: FromContext;
}
