import type { Prompt } from "./rules.ts";

interface WirePart {
  type?: string;
  text?: string;
}

interface WireMessage {
  type?: string;
  role?: string;
  content?: string | WirePart[] | null;
}

/** Reads a Chat Completions or a Responses body. */
export function toPrompt(body: Record<string, unknown>): Prompt {
  const list = (body["messages"] ?? body["input"] ?? []) as string | WireMessage[];
  const messages: WireMessage[] =
    typeof list === "string" ? [{ role: "user", content: list }] : list;
  const system = messages
    .filter((message) => message.role === "system" || message.role === "developer")
    .map((message) => textOf(message.content));
  if (typeof body["instructions"] === "string") system.unshift(body["instructions"]);
  return {
    system: system.join("\n\n"),
    messages: messages.flatMap((message) =>
      message.role === "user" || message.role === "assistant"
        ? [{ role: message.role, text: textOf(message.content) }]
        : [],
    ),
  };
}

function textOf(content: WireMessage["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("");
}
