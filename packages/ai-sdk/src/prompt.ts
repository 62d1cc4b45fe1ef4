// Structural shapes of what the middleware sees in ai 5, 6 and 7; no import of `ai` keeps one build for all three.

export interface PromptPart {
  type: string;
  text?: string;
  toolName?: string;
  toolCallId?: string;
  input?: unknown;
  output?: unknown;
  mediaType?: string;
  filename?: string;
  providerExecuted?: boolean;
  result?: unknown;
  isError?: boolean;
  providerOptions?: Record<string, Record<string, unknown>>;
}

export interface PromptMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string | PromptPart[];
  providerOptions?: Record<string, Record<string, unknown>>;
}

/** Messages after the last assistant message: what this call says that no earlier call said. */
export function splitPrompt(prompt: readonly PromptMessage[]): {
  before: PromptMessage[];
  fresh: PromptMessage[];
} {
  const said = prompt.filter((message) => message.role !== "system");
  const last = said.findLastIndex((message) => message.role === "assistant");
  return { before: said.slice(0, last + 1), fresh: said.slice(last + 1) };
}

/** Adds memory to the end of the leading system text, or as the first message; never in the middle. */
export function injectBlock(prompt: readonly PromptMessage[], block: string): PromptMessage[] {
  if (block === "") return [...prompt];
  const firstOther = prompt.findIndex((message) => message.role !== "system");
  const leading = firstOther === -1 ? prompt.length : firstOther;
  const last = prompt[leading - 1];
  if (last === undefined || typeof last.content !== "string")
    return [{ role: "system", content: block }, ...prompt];
  return [
    ...prompt.slice(0, leading - 1),
    { ...last, content: last.content === "" ? block : `${last.content}\n\n${block}` },
    ...prompt.slice(leading),
  ];
}

/** The last user text of the prompt: what memory is asked about. */
export function lastUserText(prompt: readonly PromptMessage[]): string | undefined {
  const message = prompt.findLast((item) => item.role === "user");
  return message === undefined ? undefined : textOf(message);
}

export function partsOf(message: PromptMessage): PromptPart[] {
  return typeof message.content === "string"
    ? [{ type: "text", text: message.content }]
    : message.content;
}

function textOf(message: PromptMessage): string {
  return partsOf(message)
    .flatMap((part) => (part.type === "text" && part.text !== undefined ? [part.text] : []))
    .join("\n");
}
