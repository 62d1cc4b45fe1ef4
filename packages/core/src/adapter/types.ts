import type { MemoryError } from "../client/errors.ts";
import type { Spectron } from "../client/spectron.ts";
import type { MemoryErrorCode } from "../client/errors.ts";
import type { Role } from "../protocol/types.ts";
import type { OutboxOptions } from "./outbox-options.ts";
import type { MemoryTracer } from "./telemetry.ts";

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
  /** The platform's own message as JSON, kept losslessly beside the turn where the service announces `turn-parts`. */
  parts?: unknown;
  /** False keeps the message in the transcript alone; it is left out where the service cannot do that. @default true */
  remember?: boolean | undefined;
  /** Part of an answer that was stopped: nothing is extracted from it, where the service can do that. */
  isIncomplete?: boolean | undefined;
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

/** Told about every failure that did not reach the application otherwise; errors hold no content and no key. */
export type OnError = (
  error: MemoryError,
  where: {
    /** `transcript` is the conversation itself, the others are memory beside it. */
    operation: "recall" | "store" | "bind" | "transcript";
    /** A write that failed and is kept: it is tried again, or waits in the spill for the next process. */
    kept?: boolean | undefined;
  },
) => void;

export interface MemoryOptions {
  spectron: Spectron;
  /** `false` never recalls. */
  recall?: RecallOptions | false | undefined;
  /** `never` never stores. @default "always" */
  store?: "always" | "never" | undefined;
  /** Stores what an aborted answer said so far, marked as stopped and never extracted. @default false */
  storeIncomplete?: boolean | undefined;
  /** Tools whose results are stored. @default none */
  tools?: { include: readonly string[] } | undefined;
  /** @default one line on the console for each operation and code */
  onError?: OnError | undefined;
  onReceipt?: ((receipt: Receipt) => void) | undefined;
  /** `throw` makes a memory failure fail the call. @default "open" */
  failureMode?: "open" | "throw" | undefined;
  /** Keeps a serverless process alive until a promise settles. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
  /** Only for services that do not announce `external-session-id`. */
  sessions?: SessionMap | undefined;
  /** How undelivered writes are kept; shared by all adapters on one service, so the first to say it decides. */
  outbox?: OutboxOptions | undefined;
  /** An OpenTelemetry tracer; spans hold counts and codes, never content. @default no spans */
  tracer?: MemoryTracer | undefined;
}

/** What the service found for a question: the record, how well it fits, and the turns that it comes from. */
export interface RecalledHit {
  id: string;
  score: number;
  turns: string[];
}

/** What one turn asked, found, injected and stored. */
export interface Receipt {
  scope: string;
  session: string;
  recalled: {
    /** False where nothing was asked: no question, or recall switched off. */
    asked: boolean;
    /** Entries and tokens that were injected. */
    entries: number;
    tokens: number;
    ms: number;
    cached: boolean;
    failed: boolean;
    failure?: MemoryErrorCode | undefined;
    /** Best first; absent where the service does not tell. */
    hits?: readonly RecalledHit[] | undefined;
    traceId?: string | undefined;
  };
  stored: {
    keys: string[];
    /** Ids that the service gave to the stored messages. */
    turnIds: string[];
    /** Writes that are not stored. */
    failed: number;
    /** Of the failed ones, those that are kept and tried again. */
    kept: number;
    failures: MemoryErrorCode[];
    /** From taking over the first write to the answer to the last. */
    ms: number;
  };
}

/** A unit that is stored. */
export interface StoredUnit {
  key: string;
  /** In the order of the messages; empty where an earlier write had stored them and its answer is gone. */
  turnIds: readonly string[];
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
  /** The answer will not come; the inputs stay stored, and the part of it that came only with `storeIncomplete`. */
  abort(partial?: MessageSource): void;
  /** Settles when everything taken over so far is stored or reported. */
  delivered(): Promise<void>;
}

export interface AdapterMemory {
  /** Begins a turn: takes over its inputs and asks memory; equal turns, such as steps and retries, cost nothing more. */
  turn(binding: MemoryBinding, input: TurnInput): MemoryTurn;
  /**
   * Stores one unit in its thread's order and waits for it.
   *
   * @throws MemoryError when it is not stored, which is reported too; one that may succeed later is kept and tried again.
   */
  write(binding: MemoryBinding, messages: MessageSource): Promise<void>;
  /** The service's id of the bound session. */
  sessionId(binding: MemoryBinding): Promise<string>;
}
