export { createAdapterMemory } from "./adapter-memory.ts";
export { idAnchor, ordinalAnchor, prefixAnchor } from "./anchors.ts";
export { requireBinding } from "./binding.ts";
export { containsMemoryBlock, stripMemoryBlocks } from "./fence.ts";
export { reportFailure } from "./report-failure.ts";
export type { AdapterMemoryOptions } from "./adapter-memory.ts";
export type { OutboxOptions, OutboxRecord, OutboxSpill } from "./outbox-options.ts";
export type { MemorySpan, MemoryTracer } from "./telemetry.ts";
export type {
  AdapterMemory,
  MemoryBinding,
  MemoryEntries,
  MemoryOptions,
  MemoryTurn,
  MessageSource,
  OnError,
  RecallOptions,
  RecalledHit,
  Receipt,
  SessionMap,
  StoredUnit,
  TurnInput,
  TurnMessage,
} from "./types.ts";
