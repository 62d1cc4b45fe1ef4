/** What a request says, in one shape for both APIs; the rules see this and nothing else. */
export interface Prompt {
  /** System and developer text, joined by line breaks. */
  readonly instructions: string;
  readonly messages: readonly PromptMessage[];
  /** Names of the tools the request offers and allows. */
  readonly tools: readonly string[];
}

export type PromptMessage =
  | { readonly role: "user" | "assistant"; readonly text: string }
  | { readonly role: "tool"; readonly name: string; readonly text: string };

/** What the rules decided to send back. */
export type Answer =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool-call"; readonly name: string; readonly arguments: string };

/** The number reported as token usage: words, because a token table would have to be downloaded. */
export function countWords(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}

/** Words of everything the model was given. */
export function countPromptWords(prompt: Prompt): number {
  return prompt.messages.reduce(
    (total, message) => total + countWords(message.text),
    countWords(prompt.instructions),
  );
}

/** A text in the pieces a stream sends: one word with the white space around it. */
export function splitForStream(text: string): readonly string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? [];
}
