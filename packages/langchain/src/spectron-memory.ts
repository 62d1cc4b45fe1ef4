import { MemoryError } from "@spectron/core";
import type { TurnsResponse } from "@spectron/core";
import { createAdapterMemory, ordinalAnchor, reportFailure } from "@spectron/core/adapter";
import type { AdapterMemory, MemoryOptions, MemoryTurn, TurnMessage } from "@spectron/core/adapter";
import { sharedBreaker } from "@spectron/core/transcript";
import {
  BaseMemory,
  getInputValue,
  getOutputValue,
  getPromptInputKey,
} from "@langchain/core/memory";
import type { InputValues, MemoryVariables, OutputValues } from "@langchain/core/memory";
import { AIMessage, HumanMessage, SystemMessage, getBufferString } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { within } from "./within.ts";

export interface SpectronMemoryOptions extends MemoryOptions {
  /** Whose memory, such as `org/acme/user/alice`. */
  scope: string;
  /** The conversation. */
  session: string;
  /** The prompt variable that is filled. @default "history" */
  memoryKey?: string | undefined;
  /** The chain's input that the user wrote; needed where a chain has several. */
  inputKey?: string | undefined;
  /** The chain's output that is the answer; needed where a chain has several. */
  outputKey?: string | undefined;
  /** Messages of this conversation that follow what memory knows. @default 10 */
  recent?: number | undefined;
  /** Fills the variable with messages, for a placeholder of a chat prompt, in place of text. @default false */
  returnMessages?: boolean | undefined;
}

const DEFAULT_RECENT = 10;
const DEFAULT_WAIT_MS = 800;

/** Memory for classic chains: what is known about the user, then the last messages of this conversation. */
export class SpectronMemory extends BaseMemory {
  private readonly options: SpectronMemoryOptions;
  private readonly memory: AdapterMemory;
  private saved: MemoryTurn | undefined;

  constructor(options: SpectronMemoryOptions) {
    super();
    this.options = options;
    this.memory = createAdapterMemory({ ...options, adapter: "langchain" });
  }

  get memoryKeys(): string[] {
    return [this.options.memoryKey ?? "history"];
  }

  override async loadMemoryVariables(values: InputValues): Promise<MemoryVariables> {
    const turn = this.memory.turn(this.options, {
      inputs: [],
      query: this.inputOf(values),
      store: false,
    });
    // nothing tells a memory that its chain failed, so the receipt of the recall waits for no answer
    await turn.finish([]);
    const [block, recent] = await Promise.all([turn.block, this.recentMessages()]);
    const key = this.memoryKeys[0] ?? "";
    if (this.options.returnMessages === true)
      return { [key]: [...(block === "" ? [] : [new SystemMessage(block)]), ...recent] };
    return { [key]: [block, getBufferString(recent)].filter((part) => part !== "").join("\n\n") };
  }

  override async saveContext(values: InputValues, outputs: OutputValues): Promise<void> {
    const asked = this.inputOf(values);
    const answered: unknown = getOutputValue(outputs, this.options.outputKey);
    const turn = this.memory.turn(this.options, {
      inputs: this.placed("user", asked),
      recall: false,
    });
    this.saved = turn;
    await turn.finish(this.placed("assistant", typeof answered === "string" ? answered : ""));
  }

  private inputOf(values: InputValues): string {
    const key = this.options.inputKey ?? getPromptInputKey(values, this.memoryKeys);
    const value: unknown = getInputValue(values, key);
    return typeof value === "string" ? value : "";
  }

  /** Chains know no ids: the place of a message is where it will stand in the stored conversation. */
  private placed(role: "user" | "assistant", text: string): () => Promise<TurnMessage[]> {
    return async () => {
      if (text === "") return [];
      const id = await this.memory.sessionId(this.options);
      const { turnCount } = await this.options.spectron.sessions.get(id);
      return [{ role, text, anchor: ordinalAnchor(turnCount ?? 0) }];
    };
  }

  private async recentMessages(): Promise<BaseMessage[]> {
    const { spectron, recent = DEFAULT_RECENT, recall, failureMode } = this.options;
    if (recent <= 0) return [];
    const throws = failureMode === "throw";
    const timeoutMs = (recall === false ? undefined : recall?.timeoutMs) ?? DEFAULT_WAIT_MS;
    const read = async (): Promise<TurnsResponse> => {
      // a slow write may not use up the time of the read: that would look like an outage
      if (this.saved !== undefined)
        await within(this.saved.delivered(), timeoutMs / 2).catch(() => undefined);
      const id = await this.memory.sessionId(this.options);
      const page = { limit: recent, order: "desc" as const };
      return spectron.sessions.turns(id, page, throws ? {} : { timeoutMs, retries: 0 });
    };
    try {
      const { turns } = await (throws ? read() : sharedBreaker(this.options).run(read, timeoutMs));
      return turns.toReversed().flatMap((turn): BaseMessage[] => {
        if (turn.role === "user") return [new HumanMessage(turn.content)];
        return turn.role === "assistant" ? [new AIMessage(turn.content)] : [];
      });
    } catch (error) {
      if (throws || !MemoryError.isInstance(error)) throw error;
      // what the chain is bound to was checked, and reported, by the turn
      if (error.code !== "configuration")
        reportFailure(this.options, error, { operation: "recall" });
      return [];
    }
  }
}
