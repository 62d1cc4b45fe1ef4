export { memoryCallbacks } from "./memory-callbacks.ts";
export { memoryMiddleware } from "./middleware.ts";
export { memoryOptions, withoutMemory } from "./options.ts";
export { memoryTools } from "./memory-tools.ts";
export { persistUIMessages, stampMessageIds } from "./ui-messages.ts";
export { prepareCallWithMemory } from "./prepare-call.ts";
export { withMemory } from "./with-memory.ts";
export type { CallEnd, CallStart, MemoryCallbacks } from "./memory-callbacks.ts";
export type { MemoryBindingOptions, MemoryMiddlewareOptions } from "./options.ts";
export type { MemoryMiddleware } from "./middleware.ts";
export type { MemoryTool, MemoryToolsOptions, ToolExecution } from "./memory-tools.ts";
export type { PrepareCallOptions } from "./prepare-call.ts";
export type {
  PersistUiMessagesOptions,
  UiMessage,
  UiMessageHandlers,
  UiStreamEnd,
} from "./ui-messages.ts";
