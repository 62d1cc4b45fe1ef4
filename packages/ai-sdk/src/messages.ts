import { idAnchor, prefixAnchor } from "@spectron/core/adapter";
import type { MessageSource, TurnMessage } from "@spectron/core/adapter";
import { partsOf, stampedId } from "./prompt.ts";
import type { PromptMessage, PromptPart } from "./prompt.ts";

/** A message as memory sees it, before it has a place. */
export type Draft = Omit<TurnMessage, "anchor">;

/** A model's answer, whichever SDK version gave it. */
export interface Answer {
  content: readonly PromptPart[];
  finishReason: unknown;
  /** The provider's own id of the response. */
  responseId?: string | undefined;
}

/** Base64, alone or in a data URL: never text that anybody said. */
const BINARY = /(?:data:[\w.+/-]+;base64,)?[A-Za-z0-9+/]{256,}={0,2}/g;

/** What memory keeps of prompt messages: user and assistant text, tool calls, listed tool results. */
export function toDrafts(
  messages: readonly PromptMessage[],
  includeTools: readonly string[],
): Draft[] {
  return messages.flatMap((message) => {
    const parts = partsOf(message);
    switch (message.role) {
      case "user":
        return spoken("user", parts.map(userText), stampedId(message));
      case "assistant":
        return spoken("assistant", parts.map(assistantText), stampedId(message));
      case "tool":
        return parts.flatMap((part) => toolDraft(part, includeTools));
      case "system":
        return [];
    }
  });
}

/** What memory keeps of an answer; undefined when the answer is no evidence of anything said. */
export function answerDrafts(answer: Answer, includeTools: readonly string[]): Draft[] | undefined {
  const reason = reasonOf(answer.finishReason);
  if (!isSaid(reason)) return undefined;
  return [
    ...spoken(
      "assistant",
      [...answer.content.map(assistantText), incompleteMark(reason)],
      undefined,
    ),
    ...answer.content.flatMap((part) => toolDraft(part, includeTools)),
  ];
}

/** False for answers that failed or were withheld. */
export function isSaid(reason: string): boolean {
  return reason !== "error" && reason !== "content-filter";
}

/** Tells readers of the transcript that an answer was cut off. */
export function incompleteMark(reason: string): string {
  return reason === "length" || reason === "interrupted" ? `[incomplete: ${reason}]` : "";
}

/** ai 5 gives a string, later versions `{ unified, raw }`. */
export function reasonOf(reason: unknown): string {
  if (typeof reason === "string") return reason;
  return typeof reason === "object" && reason !== null
    ? String((reason as { unified?: unknown }).unified)
    : "unknown";
}

/**
 * Gives each message its place: the application's id, the provider's, or the conversation before the unit. The unit
 * takes its turn in the queue at once; hashing waits.
 */
export function anchored(
  drafts: readonly Draft[],
  before: readonly Draft[],
  given: { ids?: readonly (string | undefined)[]; responseId?: string | undefined } = {},
): MessageSource {
  if (drafts.length === 0) return [];
  const { ids, responseId } = given;
  return async () => {
    const place = responseId === undefined ? await prefixAnchor(before) : idAnchor(responseId);
    return drafts.map((draft, index) => {
      const id = draft.id ?? ids?.[index];
      return {
        ...draft,
        ...(id === undefined ? {} : { id }),
        anchor: draft.id === undefined ? place : idAnchor(draft.id),
      };
    });
  };
}

/** One message of a speaker from the texts of its parts; none when nothing is left. */
export function spoken(
  role: "user" | "assistant",
  texts: readonly string[],
  id: string | undefined,
): Draft[] {
  const text = texts.filter((item) => item !== "").join("\n");
  return text === "" ? [] : [{ role, text, ...(id === undefined ? {} : { id }) }];
}

/** The result of a tool whose results the application wants stored. */
export function toolDraft(part: PromptPart, includeTools: readonly string[]): Draft[] {
  const { toolName = "", toolCallId = "" } = part;
  if (part.type !== "tool-result" || part.isError === true || part.preliminary === true) return [];
  if (!includeTools.includes(toolName)) return [];
  const text = withoutBinary(outputText(part.output ?? part.result));
  return text === "" ? [] : [{ role: "tool", text, tool: toolName, callId: toolCallId }];
}

export function userText(part: PromptPart): string {
  if (part.type === "text") return part.text ?? "";
  if (part.type === "image") return `[file: ${part.mediaType ?? "image"}]`;
  return part.type === "file" ? `[file: ${part.filename ?? part.mediaType ?? "unnamed"}]` : "";
}

function assistantText(part: PromptPart): string {
  switch (part.type) {
    case "text":
      return part.text ?? "";
    case "file":
      return `[generated ${part.mediaType ?? "file"}]`;
    case "tool-call":
      return `called ${part.toolName ?? "tool"}(${argumentsText(part.input)})`;
    default:
      return "";
  }
}

/** Answers hold arguments as JSON text, prompts as a value; both read alike. */
function argumentsText(input: unknown): string {
  if (typeof input !== "string") return withoutBinary(JSON.stringify(input ?? {}));
  try {
    return withoutBinary(JSON.stringify(JSON.parse(input)));
  } catch {
    return withoutBinary(input);
  }
}

/** Text of a tool result; failures and denials are not memory. */
function outputText(output: unknown): string {
  if (typeof output === "string") return output;
  if (output === undefined || output === null) return "";
  if (typeof output !== "object") return JSON.stringify(output);
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

function withoutBinary(text: string): string {
  return text.replaceAll(BINARY, "[binary]");
}
