export { ApiError, MemoryError, isConflict } from "./client/errors.ts";
export { createSpectron } from "./client/spectron.ts";
export { walk } from "./client/walk.ts";
export type { ApiErrorDetails, MemoryErrorCode } from "./client/errors.ts";
export type { Facts } from "./client/facts.ts";
export type { ReadOptions, SpectronOptions, WriteOptions } from "./client/options.ts";
export type { Recall } from "./client/recall.ts";
export type { Sessions } from "./client/sessions.ts";
export type { Drainable, FlushResult, Spectron } from "./client/spectron.ts";
export type { State } from "./client/state.ts";
export type { RowOf } from "./client/walk.ts";
export type { OutboxOptions, OutboxSpill } from "./adapter/outbox-options.ts";
export type { MemorySpan, MemoryTracer } from "./adapter/telemetry.ts";
export type {
  MemoryOptions,
  OnError,
  RecallOptions,
  RecalledHit,
  Receipt,
  SessionMap,
} from "./adapter/types.ts";
export type * from "./protocol/access.ts";
export type * from "./protocol/chat.ts";
export type * from "./protocol/reads.ts";
export type * from "./protocol/types.ts";
