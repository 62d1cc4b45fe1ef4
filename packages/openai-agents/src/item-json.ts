import type { AgentInputItem } from "@openai/agents";

/** Files and images may be bytes, which JSON does not know. */
const BYTES = "spectron:bytes";

/** A copy of an item as plain JSON. */
export function toJson(item: AgentInputItem): AgentInputItem {
  return JSON.parse(
    JSON.stringify(item, function replace(this: Record<string, unknown>, key, value: unknown) {
      // `value` has been through `toJSON`, which turns a Buffer into a list of numbers
      const original = this[key];
      if (!(original instanceof Uint8Array)) return value;
      let binary = "";
      for (const byte of original) binary += String.fromCharCode(byte);
      return { [BYTES]: btoa(binary) };
    }),
  ) as AgentInputItem;
}

/** The item that `toJson` made a copy of. */
export function fromJson(item: AgentInputItem): AgentInputItem {
  return JSON.parse(JSON.stringify(item), (_key, value: unknown) => {
    const encoded =
      typeof value === "object" && value !== null
        ? (value as Record<string, unknown>)[BYTES]
        : undefined;
    return typeof encoded === "string"
      ? Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
      : value;
  }) as AgentInputItem;
}
