import type { WireMessage } from "../protocol/types.ts";
import { containsMemoryBlock, stripMemoryBlocks } from "./fence.ts";
import type { TurnMessage } from "./types.ts";

/** Injected memory is never stored as something said; a message of nothing else is dropped. */
export function withoutMemory(messages: readonly TurnMessage[]): TurnMessage[] {
  return messages
    .map((message) => ({
      ...message,
      text: stripMemoryBlocks(message.text),
      parts: withoutBlocks(message.parts),
    }))
    .filter(
      (message) =>
        contentOf(message) !== "" || (message.remember === false && message.parts !== undefined),
    );
}

/** Fields in a fixed order: a resend must be the same bytes. */
export function toWire(
  message: TurnMessage,
  options: { ids: boolean; parts: boolean },
): WireMessage {
  const { role, ts, id, parts, remember, isIncomplete } = message;
  return {
    role,
    // what no store keeps would cost the whole unit
    content: contentOf(message).toWellFormed().replaceAll("\u0000", ""),
    ts,
    id: options.ids ? id : undefined,
    parts: options.parts ? parts : undefined,
    remember: remember === false || (isIncomplete === true && options.parts) ? false : undefined,
  };
}

/** What the service stores as the words of the message: its text, then the call it makes. */
function contentOf(message: TurnMessage): string {
  const call =
    message.role === "assistant" && message.tool !== undefined
      ? `called ${message.tool}(${message.args ?? ""})`
      : "";
  return [message.text, call].filter((part) => part !== "").join("\n");
}

/** The same JSON, with memory blocks taken out of its texts. */
function withoutBlocks(parts: unknown): unknown {
  const text = JSON.stringify(parts) as string | undefined;
  if (text === undefined || !containsMemoryBlock(text)) return parts;
  return JSON.parse(text, (_, item: unknown) =>
    typeof item === "string" ? stripMemoryBlocks(item) : item,
  );
}
