import type { MemoryOptions } from "@spectron/core/adapter";

/** The parts of LangChain's runtime that bindings are read from. */
// oxlint-disable-next-line typescript/no-explicit-any -- the application's own context type, which it can name
export interface MemoryRuntime<Context = any> {
  readonly context?: Context;
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
  /** Also follow an agent that runs inside a tool or as a node of another graph. @default false */
  includeSubagents?: boolean | undefined;
  /**
   * True when the application sends its messages with ids that stay the same from one call to the next, so that an edit
   * replaces what was said before. @default true with a checkpointer, otherwise for ids that are no UUIDs
   */
  stableMessageIds?: boolean | undefined;
}

export function readSource(source: FromRuntime, runtime: MemoryRuntime): string | undefined {
  return typeof source === "function" ? source(runtime) : source;
}
