export { memoryMiddleware } from "./middleware.ts";
export type { FromRuntime, MemoryMiddlewareOptions, MemoryRuntime } from "./options.ts";
