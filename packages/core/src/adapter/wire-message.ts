import type { WireMessage } from "../protocol/types.ts";
import { stripMemoryBlocks } from "./memory-block.ts";
import type { TurnMessage } from "./types.ts";

/** Injected memory is never stored as something said; a message of nothing else is dropped. */
export function withoutMemory(messages: readonly TurnMessage[]): TurnMessage[] {
  return messages
    .map((message) => ({ ...message, text: stripMemoryBlocks(message.text) }))
    .filter((message) => contentOf(message) !== "");
}

/** Fields in a fixed order: a resend must be the same bytes. */
export function toWire(message: TurnMessage, options: { ids: boolean }): WireMessage {
  return {
    role: message.role,
    content: contentOf(message),
    ...(message.ts === undefined ? {} : { ts: message.ts }),
    ...(message.id === undefined || !options.ids ? {} : { id: message.id }),
  };
}

/** What the service stores as the words of the message: its text, then the call it makes. */
export function contentOf(message: TurnMessage): string {
  const call =
    message.role === "assistant" && message.tool !== undefined
      ? `called ${message.tool}(${message.args ?? ""})`
      : "";
  return [message.text, call].filter((part) => part !== "").join("\n");
}
