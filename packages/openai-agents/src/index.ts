export { withMemoryInstructions } from "./instructions.ts";
export { memorySession } from "./session.ts";
export type { FromContext, MemoryInstructionsOptions, MemorySessionOptions } from "./options.ts";
