export { ApiError, MemoryError, isConflict } from "./client/errors.ts";
export { createSpectron } from "./client/spectron.ts";
export type { ApiErrorDetails, MemoryErrorCode } from "./client/errors.ts";
export type { SpectronOptions } from "./client/options.ts";
export type {
  Drainable,
  FlushResult,
  ReadOptions,
  Spectron,
  WriteOptions,
} from "./client/spectron.ts";
export type { OutboxOptions, OutboxSpill, OutboxState } from "./adapter/outbox-options.ts";
export type { MemorySpan, MemoryTracer } from "./adapter/telemetry.ts";
export type {
  MemoryOptions,
  OnError,
  RecallOptions,
  RecalledHit,
  Receipt,
  SessionMap,
} from "./adapter/types.ts";
export type * from "./protocol/reads.ts";
export type * from "./protocol/types.ts";
