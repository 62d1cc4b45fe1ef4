export { memoryGuardrail } from "./guardrail.ts";
export { memoryInputFilter, memoryInstructions, withMemoryInstructions } from "./instructions.ts";
export { runRecorder } from "./run-recorder.ts";
export { memorySession } from "./session.ts";
export { memoryTools } from "./tools.ts";
export type { Instructions, QuestionOptions } from "./instructions.ts";
export type {
  DecoratedSessionOptions,
  FromContext,
  MemoryInstructionsOptions,
  MemorySessionOptions,
} from "./options.ts";
export type { RecordedRun } from "./run-recorder.ts";
export type { MemorySession } from "./stored-session.ts";
