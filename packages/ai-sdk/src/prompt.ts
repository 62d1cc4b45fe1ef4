import { containsMemoryBlock } from "@spectron/core/adapter";
import { NAMESPACE } from "./options.ts";
import type { MemoryMiddlewareOptions } from "./options.ts";

// Structural shapes of what the middleware sees in ai 5, 6 and 7; no import of `ai` keeps one build for all three.

type ProviderOptions = Record<string, Record<string, unknown>>;

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
  preliminary?: boolean;
  providerOptions?: ProviderOptions;
}

export interface PromptMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string | PromptPart[];
  providerOptions?: ProviderOptions;
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

/** Puts the block where the options say; the text in front of it keeps its bytes, so a prompt cache keeps its prefix. */
export function injectBlock(
  prompt: readonly PromptMessage[],
  block: string,
  options: Pick<MemoryMiddlewareOptions, "placement" | "blockOptions"> = {},
): PromptMessage[] {
  if (block === "") return [...prompt];
  const own =
    options.blockOptions === undefined ? {} : { providerOptions: { ...options.blockOptions } };
  if (options.placement === "last-user") {
    const index = prompt.findLastIndex((message) => message.role === "user");
    const message = prompt[index];
    if (message !== undefined)
      return prompt.with(index, {
        ...message,
        content: [{ type: "text", text: block, ...own }, ...partsOf(message)],
      });
  }
  const firstOther = prompt.findIndex((message) => message.role !== "system");
  const leading = firstOther === -1 ? prompt.length : firstOther;
  const last = prompt[leading - 1];
  // text with options of its own, such as a cache breakpoint, stays as it is
  if (
    typeof last?.content === "string" &&
    last.providerOptions === undefined &&
    options.blockOptions === undefined
  )
    return prompt.with(leading - 1, {
      ...last,
      content: last.content === "" ? block : `${last.content}\n\n${block}`,
    });
  return prompt.toSpliced(leading, 0, { role: "system", content: block, ...own });
}

/** True when somebody in front of the middleware put memory into the system text. */
export function hasMemoryBlock(prompt: readonly PromptMessage[]): boolean {
  return prompt.some(
    (message) => message.role === "system" && containsMemoryBlock(textOf(message)),
  );
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

/** The id that `stampMessageIds` left on a message. */
export function stampedId(message: PromptMessage): string | undefined {
  for (const holder of [message, ...partsOf(message)]) {
    const id = holder.providerOptions?.[NAMESPACE]?.["messageId"];
    if (typeof id === "string" && id !== "") return id;
  }
  return undefined;
}

/** Removes what `stampMessageIds` left on messages and parts: the provider never sees it. */
export function stripStamps(prompt: readonly PromptMessage[]): PromptMessage[] {
  return prompt.map((message) => {
    const clean = withoutStamp(message);
    return typeof clean.content === "string"
      ? clean
      : { ...clean, content: clean.content.map(withoutStamp) };
  });
}

function withoutStamp<Holder extends { providerOptions?: ProviderOptions }>(
  holder: Holder,
): Holder {
  if (holder.providerOptions?.[NAMESPACE] === undefined) return holder;
  const { providerOptions, ...bare } = holder;
  const { [NAMESPACE]: _, ...rest } = providerOptions;
  return (Object.keys(rest).length === 0 ? bare : { ...bare, providerOptions: rest }) as Holder;
}

function textOf(message: PromptMessage): string {
  return partsOf(message)
    .flatMap((part) => (part.type === "text" && part.text !== undefined ? [part.text] : []))
    .join("\n");
}
