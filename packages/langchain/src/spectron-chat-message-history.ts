import { MemoryError } from "@spectron/core";
import { reportFailure } from "@spectron/core/adapter";
import type { MemoryOptions } from "@spectron/core/adapter";
import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import { rememberingTranscript } from "./remembering-transcript.ts";
import { isPassing, serviceTranscript } from "./service-transcript.ts";
import { within } from "./within.ts";

/** What keeps the messages themselves; every message history of LangChain is one. */
export interface MessageTranscript {
  getMessages(): Promise<BaseMessage[]>;
  addMessages(messages: BaseMessage[]): Promise<void>;
  clear(): Promise<void>;
}

export interface SpectronChatMessageHistoryOptions extends MemoryOptions {
  /** Whose memory, such as `org/acme/user/alice`. */
  scope: string;
  /** The conversation: the session id that LangChain asks for. */
  session: string;
  /** Where the messages are kept. @default the memory service itself */
  transcript?: MessageTranscript | undefined;
  /** Longest wait for the service before the chain goes on without it. @default 2000 */
  timeoutMs?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 2000;

/**
 * The messages of a conversation exactly as they were added, and what they say as long-term memory.
 * Clearing empties the conversation; what was learned from it stays.
 */
export class SpectronChatMessageHistory extends BaseListChatMessageHistory {
  override lc_namespace: string[] = ["spectron", "message_histories"];
  private readonly options: SpectronChatMessageHistoryOptions;
  private readonly transcript: MessageTranscript;
  private hasReportedBinding = false;

  constructor(options: SpectronChatMessageHistoryOptions) {
    super();
    this.options = options;
    this.transcript =
      options.transcript === undefined
        ? serviceTranscript({ ...options, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS })
        : rememberingTranscript(options.transcript, options);
  }

  override async getMessages(): Promise<BaseMessage[]> {
    return this.open("recall", this.transcript.getMessages(), []);
  }

  override async addMessage(message: BaseMessage): Promise<void> {
    await this.addMessages([message]);
  }

  override async addMessages(messages: BaseMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await this.open("store", this.transcript.addMessages(messages), undefined);
  }

  override async clear(): Promise<void> {
    await this.transcript.clear();
  }

  /** LangChain prints what a history throws while adding and goes on, so failures are reported here. */
  private async open<Value>(
    operation: "recall" | "store",
    work: Promise<Value>,
    fallback: Value,
  ): Promise<Value> {
    const { failureMode, timeoutMs = DEFAULT_TIMEOUT_MS } = this.options;
    try {
      return await within(work, timeoutMs);
    } catch (error) {
      if (failureMode === "throw" || !MemoryError.isInstance(error)) throw error;
      const isBinding = error.code === "configuration";
      // what did not reach the service waits, unless it was refused for good or there is no more room
      const isServices = operation === "store" && this.options.transcript === undefined;
      const kept = isServices ? isPassing(error) : undefined;
      if (!isBinding || !this.hasReportedBinding)
        reportFailure(this.options, error, { operation: isBinding ? "bind" : operation, kept });
      this.hasReportedBinding ||= isBinding;
      return fallback;
    }
  }
}
