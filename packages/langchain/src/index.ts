export { memoryMiddleware } from "./memory-middleware.ts";
export type { FromRuntime, MemoryMiddlewareOptions, MemoryRuntime } from "./options.ts";
