import { stripMemoryBlocks } from "@spectron/core/adapter";
import type { TurnMessage } from "@spectron/core/adapter";
import type { AIMessage, BaseMessage, ChatMessage, ToolMessage } from "@langchain/core/messages";
import { blocksOf, contentText } from "./content-text.ts";
import type { ContentBlock } from "./content-text.ts";
import { sortedJson } from "./sorted-json.ts";

/** One thing said, still without its place in the conversation. */
export type Said = Omit<TurnMessage, "anchor" | "id">;

/** What is remembered of a message of LangChain; `part` tells apart what one message says in several roles. */
export interface Mapped {
  /** Index of the message in the list. */
  index: number;
  part: string;
  said: Said;
}

/**
 * What memory keeps of a conversation. Prompts, reasoning, failed tool results and messages made by the framework
 * (summaries, notifications) are left out; tool results are kept of the tools that the application names.
 */
export function mapMessages(
  messages: readonly BaseMessage[],
  includeTools: readonly string[],
): Mapped[] {
  const calls = new Map<string, string>();
  return messages.flatMap((message, index) =>
    saidBy(message, includeTools, calls).map(({ part, said }) => ({ index, part, said })),
  );
}

/** The newest thing the user said: what memory is asked about, and where it stands. */
export function lastQuestion(messages: readonly BaseMessage[]): {
  query?: string;
  queryAnchor?: string;
} {
  const index = messages.findLastIndex(isQuestion);
  const message = messages[index];
  if (message === undefined) return {};
  return { query: contentText(blocksOf(message)), queryAnchor: message.id ?? `#${index}` };
}

function isQuestion(message: BaseMessage): boolean {
  return message.getType() === "human" && !isMadeByFramework(message);
}

/** What a summary starts with in versions that do not mark it yet. */
const SUMMARY = "Here is a summary of the conversation to date:";

/** Summaries and notifications carry a mark and may reuse the id of a message of the user. */
function isMadeByFramework(message: BaseMessage): boolean {
  if (message.additional_kwargs["lc_source"] !== undefined) return true;
  return message.getType() === "human" && contentText(blocksOf(message)).startsWith(SUMMARY);
}

interface Part {
  part: string;
  said: Said;
}

function saidBy(
  message: BaseMessage,
  includeTools: readonly string[],
  calls: Map<string, string>,
): Part[] {
  if (isMadeByFramework(message)) return [];
  switch (message.getType()) {
    case "human":
      return words("user", message);
    case "ai":
      return answer(message as AIMessage, includeTools, calls);
    case "tool":
    case "function": {
      const result = message as ToolMessage;
      const tool = result.name ?? calls.get(result.tool_call_id) ?? "";
      if (result.status === "error" || !includeTools.includes(tool)) return [];
      return words("tool", message, { tool, callId: result.tool_call_id });
    }
    case "generic": {
      const { role } = message as ChatMessage;
      if (role === "assistant") return words("assistant", message);
      // prompts and results of tools nobody named are no conversation
      return role === "system" || role === "tool" ? [] : words("user", message);
    }
    default:
      return [];
  }
}

function words(
  role: Said["role"],
  message: BaseMessage,
  more: { tool?: string; callId?: string | undefined } = {},
): Part[] {
  return partOf("", { role, text: contentText(blocksOf(message)), ...more });
}

function answer(
  message: AIMessage,
  includeTools: readonly string[],
  calls: Map<string, string>,
): Part[] {
  for (const call of message.tool_calls ?? [])
    if (call.id !== undefined) calls.set(call.id, call.name);
  const blocks = providerBlocks(message);
  const own = blocks.flatMap((block) => {
    if (block.type !== "server_tool_call") return [];
    const name = typeof block["name"] === "string" ? block["name"] : "";
    if (typeof block["id"] === "string") calls.set(block["id"], name);
    return [called(name, block["args"])];
  });
  const asked = (message.tool_calls ?? []).map((call) => called(call.name, call.args));
  const lines = [contentText(blocksOf(message)), ...own, ...asked].filter((line) => line !== "");
  return [
    ...partOf("", { role: "assistant", text: lines.join("\n") }),
    ...blocks.flatMap((block) => providerResult(block, includeTools, calls)),
  ];
}

/** Calls that the provider made itself stand inside the answer; only newer cores give them one form. */
function providerBlocks(message: AIMessage): ContentBlock[] {
  if (typeof message.content === "string") return [];
  return (message as { contentBlocks?: ContentBlock[] }).contentBlocks ?? [];
}

function providerResult(
  block: ContentBlock,
  includeTools: readonly string[],
  calls: ReadonlyMap<string, string>,
): Part[] {
  if (block.type !== "server_tool_call_result" || block["status"] === "error") return [];
  const callId = typeof block["toolCallId"] === "string" ? block["toolCallId"] : "";
  const tool = calls.get(callId) ?? "";
  if (!includeTools.includes(tool)) return [];
  const output = block["output"];
  const text = typeof output === "string" ? output : (JSON.stringify(output) ?? "");
  return partOf(callId, { role: "tool", text, tool, callId });
}

function called(name: string, args: unknown): string {
  return `called ${name}(${sortedJson(args ?? {})})`;
}

function partOf(name: string, said: Said): Part[] {
  const text = stripMemoryBlocks(said.text);
  return text === "" ? [] : [{ part: name, said: { ...said, text } }];
}
