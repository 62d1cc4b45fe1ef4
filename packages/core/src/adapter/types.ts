import type { MemoryError } from "../client/errors.ts";
import type { Spectron } from "../client/spectron.ts";
import type { Role } from "../protocol/types.ts";

/** Whose memory and which conversation, resolved for one call. */
export interface MemoryBinding {
  scope: string;
  session: string;
}

/** A platform message as memory sees it. */
export interface TurnMessage {
  role: Role;
  text: string;
  /** Where it sits: `idAnchor`, `ordinalAnchor` or `prefixAnchor`. */
  anchor: string;
  tool?: string | undefined;
  /** JSON text of a tool call's arguments. */
  args?: string | undefined;
  callId?: string | undefined;
  /** RFC 3339 time of the message, when the platform has one. */
  ts?: string | undefined;
  /** The platform's stable id; sent where the service tells equal messages apart by it (contract 5.6). */
  id?: string | undefined;
}

/** Keeps the service's session ids for services without external session ids. */
export interface SessionMap {
  get(key: string): Promise<string | undefined>;
  set(key: string, sessionId: string): Promise<void>;
}

export interface RecallOptions {
  /** Longest wait for memory before the model is called without it. @default 800 */
  timeoutMs?: number | undefined;
  /** Budget of the memory block, four characters to a token. @default 512 */
  maxTokens?: number | undefined;
  /** Most hits that the service looks at. @default the service's */
  k?: number | undefined;
  /** Renders the entries; the fence and the escaping stay. */
  template?: ((entries: MemoryEntries) => string) | undefined;
}

export interface MemoryEntries {
  profile: readonly string[];
  recalled: readonly string[];
}

/** Told about every failure that did not reach the application otherwise. */
export type OnError = (
  error: MemoryError,
  where: { operation: "recall" | "store" | "bind" },
) => void;

export interface MemoryOptions {
  spectron: Spectron;
  /** `false` never recalls. */
  recall?: RecallOptions | false | undefined;
  /** `never` never stores. @default "always" */
  store?: "always" | "never" | undefined;
  /** Tools whose results are stored. @default none */
  tools?: { include: readonly string[] } | undefined;
  onError?: OnError | undefined;
  onReceipt?: ((receipt: Receipt) => void) | undefined;
  /** `throw` makes a memory failure fail the call. @default "open" */
  failureMode?: "open" | "throw" | undefined;
  /** Keeps a serverless process alive until a promise settles. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
  /** Only for services that do not announce `external-session-id`. */
  sessions?: SessionMap | undefined;
}

/** What one turn asked, found, injected and stored. */
export interface Receipt {
  scope: string;
  session: string;
  recalled: { entries: number; tokens: number; ms: number; cached: boolean; failed: boolean };
  stored: { keys: string[]; failed: number };
}

/** Messages, or how to make them when their turn to be stored comes (for anchors only the service can tell). */
export type MessageSource = readonly TurnMessage[] | (() => Promise<readonly TurnMessage[]>);

export interface TurnInput {
  /** New messages of this call; stored as one unit. */
  inputs: MessageSource;
  /** What memory is asked about; absent: nothing is recalled. */
  query?: string | undefined;
  /** Place of the question, so that the same words asked later are a new question. */
  queryAnchor?: string | undefined;
  /** @default true */
  store?: boolean | undefined;
  /** @default true */
  recall?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface MemoryTurn {
  /** The fenced text to inject; empty when nothing is known or memory failed. */
  readonly block: Promise<string>;
  /** Takes over the model's answer; settles when it is stored or, failing open, reported. */
  finish(outputs: MessageSource): Promise<void>;
  /** The answer will not come; the inputs stay stored. */
  abort(): void;
  /** Settles when everything taken over so far is stored or reported. */
  delivered(): Promise<void>;
}

export interface AdapterMemory {
  turn(binding: MemoryBinding, input: TurnInput): MemoryTurn;
  /** The service's id of the bound session. */
  sessionId(binding: MemoryBinding): Promise<string>;
}
