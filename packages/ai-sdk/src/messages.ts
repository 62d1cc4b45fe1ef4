import { idAnchor, prefixAnchor } from "@spectron/core/adapter";
import type { TurnMessage } from "@spectron/core/adapter";
import { NAMESPACE } from "./options.ts";
import { partsOf } from "./prompt.ts";
import type { PromptMessage, PromptPart } from "./prompt.ts";

type Draft = Omit<TurnMessage, "anchor"> & { messageId?: string | undefined };

/** What a wire message keeps of prompt messages (user and assistant text, listed tool results). */
export function toDrafts(
  messages: readonly PromptMessage[],
  includeTools: readonly string[],
): Draft[] {
  return messages.flatMap((message) => {
    const parts = partsOf(message);
    const messageId = stampedId(message);
    switch (message.role) {
      case "user":
        return draft("user", parts.map(userText), messageId);
      case "assistant":
        return draft("assistant", parts.map(assistantText), messageId);
      case "tool":
        return parts.flatMap((part) => toolDraft(part, includeTools));
      case "system":
        return [];
    }
  });
}

/** What a wire message keeps of a model's answer. */
export function contentDrafts(
  content: readonly PromptPart[],
  includeTools: readonly string[],
): Draft[] {
  return [
    ...draft("assistant", content.map(assistantText), undefined),
    ...content.flatMap((part) => toolDraft(part, includeTools)),
  ];
}

/** Gives each message its place: the application's id, or the conversation before the unit. */
export async function anchored(
  drafts: readonly Draft[],
  before: readonly Draft[],
): Promise<TurnMessage[]> {
  const place = await prefixAnchor(withoutIds(before));
  return drafts.map(({ messageId, ...item }) => ({
    ...item,
    anchor: messageId === undefined ? place : idAnchor(messageId),
  }));
}

export function withoutIds(drafts: readonly Draft[]): Omit<TurnMessage, "anchor">[] {
  return drafts.map(({ messageId: _, ...item }) => item);
}

function draft(
  role: "user" | "assistant",
  texts: readonly string[],
  messageId: string | undefined,
): Draft[] {
  const text = texts.filter((item) => item !== "").join("\n");
  return text === "" ? [] : [{ role, text, messageId }];
}

function userText(part: PromptPart): string {
  if (part.type === "text") return part.text ?? "";
  return part.type === "file" ? `[file: ${part.filename ?? part.mediaType ?? "unnamed"}]` : "";
}

function assistantText(part: PromptPart): string {
  switch (part.type) {
    case "text":
      return part.text ?? "";
    case "file":
      return `[generated ${part.mediaType ?? "file"}]`;
    case "tool-call":
      return `called ${part.toolName ?? "tool"}(${
        typeof part.input === "string" ? part.input : JSON.stringify(part.input ?? {})
      })`;
    default:
      return "";
  }
}

function toolDraft(part: PromptPart, includeTools: readonly string[]): Draft[] {
  if (part.type !== "tool-result" || !includeTools.includes(part.toolName ?? "")) return [];
  const text = outputText(part.output ?? part.result);
  return text === ""
    ? []
    : [{ role: "tool", text, tool: part.toolName ?? "", callId: part.toolCallId ?? "" }];
}

/** Text of a tool result; failures and denials are not memory. */
function outputText(output: unknown): string {
  if (typeof output === "string") return output;
  if (typeof output !== "object" || output === null) return "";
  const { type, value } = output as { type?: string; value?: unknown };
  switch (type) {
    case "text":
      return typeof value === "string" ? value : "";
    case "json":
      return JSON.stringify(value);
    case "content":
      return Array.isArray(value)
        ? value
            .flatMap((item: PromptPart) => (item.type === "text" ? [item.text ?? ""] : []))
            .join("\n")
        : "";
    case "error-text":
    case "error-json":
    case "execution-denied":
      return "";
    default:
      return JSON.stringify(output);
  }
}

function stampedId(message: PromptMessage): string | undefined {
  for (const holder of [message, ...partsOf(message)]) {
    const id = holder.providerOptions?.[NAMESPACE]?.["messageId"];
    if (typeof id === "string" && id !== "") return id;
  }
  return undefined;
}
