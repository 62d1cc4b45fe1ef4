export { ApiError, MemoryError, isConflict } from "./client/errors.ts";
export { createSpectron } from "./client/spectron.ts";
export type { ApiErrorDetails, MemoryErrorCode } from "./client/errors.ts";
export type { SpectronOptions } from "./client/options.ts";
export type { Drainable, ReadOptions, Spectron, WriteOptions } from "./client/spectron.ts";
export type {
  MemoryOptions,
  OnError,
  RecallOptions,
  Receipt,
  SessionMap,
} from "./adapter/types.ts";
export type * from "./protocol/reads.ts";
export type * from "./protocol/types.ts";
