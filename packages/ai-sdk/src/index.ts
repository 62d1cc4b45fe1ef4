export { memoryMiddleware } from "./middleware.ts";
export { memoryOptions } from "./options.ts";
export { withMemory } from "./with-memory.ts";
export type { MemoryMiddleware } from "./middleware.ts";
export type { MemoryBindingOptions, MemoryMiddlewareOptions } from "./options.ts";
