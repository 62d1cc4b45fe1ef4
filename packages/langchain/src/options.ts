import type { MemoryOptions } from "@spectron/core/adapter";

/** The parts of LangChain's middleware runtime that bindings are read from. */
export interface MemoryRuntime {
  // oxlint-disable-next-line typescript/no-explicit-any -- the application's own context type
  readonly context?: any;
  readonly configurable?: { thread_id?: string; [key: string]: unknown } | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A fixed value, or one read from the run. */
export type FromRuntime = string | ((runtime: MemoryRuntime) => string | undefined);

export interface MemoryMiddlewareOptions extends MemoryOptions {
  /** Whose memory, such as `org/acme/user/alice`. */
  scope: FromRuntime;
  /** The conversation. @default `configurable.thread_id` of the run */
  session?: FromRuntime | undefined;
  /** Also follow agents that run inside a tool of this agent. @default false */
  includeSubagents?: boolean | undefined;
}
