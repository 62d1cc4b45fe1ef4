import type { MemoryBinding, TurnMessage } from "./types.ts";

export interface OutboxOptions {
  /** Writes that may wait at once; beyond that a new one is refused with `outbox_full`. @default 10000 */
  units?: number | undefined;
  /** Bytes that may wait at once. @default 67108864 */
  bytes?: number | undefined;
  /** How long a write that fails is tried again, milliseconds; then it is reported. No end with a spill. @default 300000 */
  retryForMs?: number | undefined;
  /** Keeps writes over a restart, such as `fileOutbox()` of `@spectron/core/outbox-file`. @default none */
  spill?: OutboxSpill | undefined;
}

/** One write as the spill keeps it. */
export interface OutboxRecord {
  /** Sorts in the order in which writes were taken. */
  id: string;
  thread: string;
  key: string;
  binding: MemoryBinding;
  /** Absent once the body is fixed. */
  messages?: readonly TurnMessage[] | undefined;
  /** The exact request body, fixed before the first attempt; every attempt sends these bytes. */
  body?: string | undefined;
}

/** Where undelivered writes survive the process. */
export interface OutboxSpill {
  /** Takes over what ended processes left for a service, oldest first; nobody else gets it then. */
  open(service: string): Promise<readonly OutboxRecord[]> | readonly OutboxRecord[];
  /** Keeps a record, or its newer state under the same id. @throws MemoryError `outbox_full` when it cannot be kept. */
  put(record: OutboxRecord, service: string): Promise<void> | void;
  /** Lets go of a record that was delivered or refused. */
  remove(id: string): Promise<void> | void;
}
