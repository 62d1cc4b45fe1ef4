import { conversationDigest } from "../identity/key.ts";
import type { TurnMessage } from "./types.ts";

/** A message's place by the platform's own stable id. */
export function idAnchor(id: string): string {
  return id;
}

/** A message's place by its index in durable history. */
export function ordinalAnchor(index: number): string {
  return `#${index}`;
}

/** A message's place by the conversation before its unit, where only the prompt is visible. */
export async function prefixAnchor(
  before: readonly Omit<TurnMessage, "anchor">[],
): Promise<string> {
  return `~${await conversationDigest(before)}`;
}
