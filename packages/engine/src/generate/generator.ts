/** What a generator is asked. */
export interface GenerateInput {
  /** Instructions, with what is remembered inside a fence. */
  system: string;
  /** The conversation, oldest first; the last one is to be answered. */
  messages: readonly { role: "user" | "assistant"; content: string }[];
  /** Model that the caller asks for; a generator may ignore it. */
  model?: string | undefined;
}

/**
 * Writes text: the user's own language model. With the AI SDK it is
 * `{ name: "gpt", generate: ({ system, messages }, { signal }) => streamText({ model, system, messages, abortSignal: signal }).textStream }`.
 */
export interface Generator {
  readonly name: string;
  /** The whole text, or its pieces as they come. */
  generate(
    input: GenerateInput,
    options: { signal: AbortSignal },
  ): Promise<string> | AsyncIterable<string>;
}
