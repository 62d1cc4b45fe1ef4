export { fileOutbox } from "./file-outbox.ts";
export { fileSessionMap } from "./file-session-map.ts";
export type { FileOutbox, FileOutboxOptions } from "./file-outbox.ts";
