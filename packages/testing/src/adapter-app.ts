import type { MemoryError, MemoryOptions, Spectron } from "@spectron/core";

/** How a case binds the application that it builds. */
export interface AppBinding {
  spectron: Spectron;
  scope: string;
  session: string;
  stream: boolean;
  onError: (error: MemoryError, where?: { operation: string; kept?: boolean | undefined }) => void;
  /** More options for the adapter, to be passed as they are; `recall` gives a loaded machine time. */
  memory: Pick<
    MemoryOptions,
    "recall" | "failureMode" | "storeIncomplete" | "tools" | "waitUntil" | "onReceipt" | "outbox"
  >;
}

/** One application with memory over a scripted model of its framework. */
export interface AdapterApp {
  /** Sends one user message through the framework; the model answers with `answer`. */
  ask(text: string, answer: string): Promise<string>;
  /** Everything the model was given, as text, one entry a call. */
  prompts(): string[];
  /**
   * Like `ask`, but the model first says `TOOL_TURN.words` and calls the tool `weather` with `TOOL_TURN.args`, which
   * answers `TOOL_TURN.result`, then calls it once more without words, and then gives the answer.
   */
  askWithTools?(text: string, answer: string): Promise<string>;
  /** The caller aborts after the model said `partial`; resolves when the framework has let go. */
  askAborted?(text: string, partial: string): Promise<void>;
  /** The model's stream breaks with an error after `partial`; resolves when the framework has let go. */
  askBroken?(text: string, partial: string): Promise<void>;
  /** The first model call fails in a way that the framework retries; the second gives the answer. */
  askRetried?(text: string, answer: string): Promise<string>;
  /** The submission of the last `ask` arrives again, with the same ids and history; the model says the same. */
  replay?(): Promise<void>;
  /** The last user message is asked again; the model answers differently. */
  regenerate?(answer: string): Promise<string>;
  /** The last user message gets other words under its id, and is asked again. */
  edit?(text: string, answer: string): Promise<string>;
  /** Like `ask`, on the same adapter instance, for another conversation. */
  askAs?(
    binding: { scope: string; session: string },
    text: string,
    answer: string,
  ): Promise<string>;
  /** Everything that the framework returned or keeps as conversation, as text. */
  transcript?(): string;
}

/** What a tool turn says and does. */
export const TOOL_TURN = {
  words: "Let me look.",
  args: { city: "Braga" },
  result: "sunny",
} as const;

export type Capability = Exclude<keyof AdapterApp, "ask" | "prompts">;

export const CAPABILITIES: readonly Capability[] = [
  "askWithTools",
  "askAborted",
  "askBroken",
  "askRetried",
  "replay",
  "regenerate",
  "edit",
  "askAs",
  "transcript",
];

/** What a framework has no place for, and why; every capability is offered or declared here. */
export type Cannot = Partial<Record<Capability, string>>;
