import type { TurnMessage } from "@spectron/core/adapter";
import type { AgentInputItem } from "@openai/agents";

/** What an item says, without its place. */
export type Words = Omit<TurnMessage, "anchor">;

interface Part {
  type: string;
  text?: string;
  transcript?: string | null;
  refusal?: string;
  filename?: string;
  file?: string | { id?: string };
}

/** Items of the SDK, in the fields that memory reads. */
interface Item {
  type?: string;
  role?: string;
  content?: string | Part[];
  name?: string;
  callId?: string;
  arguments?: string;
  output?: unknown;
  status?: string;
  phase?: string;
  providerData?: { spectron?: { injected?: boolean } };
}

/** What memory hears of an item; undefined for what says nothing: reasoning, results of other tools, system text. */
export function toWords(
  original: AgentInputItem,
  includeTools: readonly string[],
): Words | undefined {
  const item = original as Item;
  if (item.providerData?.spectron?.injected === true) return undefined;
  if (item.status === "in_progress" || item.status === "incomplete") return undefined;
  switch (item.type ?? "message") {
    case "message":
      return messageWords(item);
    case "function_call":
      // the SDK's name for passing the conversation on, which nobody said
      if (item.name?.startsWith("transfer_to_") === true) return undefined;
      return { role: "assistant", text: "", ...callOf(item) };
    case "function_call_result":
      return includeTools.includes(item.name ?? "") ? resultWords(item) : undefined;
    case "hosted_tool_call": {
      const output = includeTools.includes(item.name ?? "") ? outputText(item.output) : "";
      return { role: "assistant", text: output, ...callOf(item) };
    }
    default:
      return undefined;
  }
}

/** What the user said last. */
export function lastUserText(input: readonly AgentInputItem[]): string | undefined {
  const item = input.findLast((candidate) => (candidate as Item).role === "user") as
    | Item
    | undefined;
  const parts = typeof item?.content === "string" ? [item.content] : spokenTexts(item?.content);
  const text = parts.join("\n");
  return text === "" ? undefined : text;
}

/** Type and id of a call or its result; the same pair is the same event, whoever stores it again. */
export function callKey(original: AgentInputItem): string | undefined {
  const { type, callId } = original as Item;
  return callId === undefined ? undefined : `${type ?? ""} ${callId}`;
}

export function isUserMessage(item: AgentInputItem): boolean {
  const { type, role } = item as Item;
  return (type ?? "message") === "message" && role === "user";
}

function messageWords(item: Item): Words | undefined {
  if (item.role !== "user" && item.role !== "assistant") return undefined;
  if (item.phase === "commentary") return undefined;
  const text = textOf(item.content);
  return text === "" ? undefined : { role: item.role, text };
}

function resultWords(item: Item): Words | undefined {
  const text = outputText(item.output);
  if (text === "") return undefined;
  return {
    role: "tool",
    text,
    tool: item.name ?? "",
    ...(item.callId === undefined ? {} : { callId: item.callId }),
  };
}

function callOf(item: Item): Pick<Words, "tool" | "args" | "callId"> {
  return {
    tool: item.name ?? "tool",
    args: item.arguments ?? "",
    ...(item.callId === undefined ? {} : { callId: item.callId }),
  };
}

/** The text of a message's content; media become short placeholders. */
function textOf(content: string | Part[] | undefined): string {
  if (content === undefined || typeof content === "string") return content ?? "";
  return content
    .map((part) => {
      switch (part.type) {
        case "input_text":
        case "output_text":
          return part.text ?? "";
        case "refusal":
          return part.refusal === undefined ? "" : `[refused] ${part.refusal}`;
        case "audio":
          return part.transcript ?? "[audio]";
        case "input_image":
          return "[image]";
        case "image":
          return "[generated image]";
        case "input_file":
          return fileName(part);
        default:
          return "";
      }
    })
    .filter((text) => text !== "")
    .join("\n");
}

function fileName({ filename, file }: Part): string {
  const name = filename ?? (typeof file === "object" ? file.id : undefined);
  return name === undefined ? "[file]" : `[file: ${name}]`;
}

/** The texts of a tool's output, which may be a string, one part or many. */
function outputText(output: unknown): string {
  if (typeof output === "string") return output;
  const parts = Array.isArray(output) ? output : [output];
  return parts
    .flatMap((part: unknown) => {
      const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown };
      return (type === "text" || type === "input_text") && typeof text === "string" ? [text] : [];
    })
    .join("\n");
}

function spokenTexts(parts: Part[] | undefined): string[] {
  return (parts ?? []).flatMap((part) =>
    part.type === "input_text" && part.text !== undefined ? [part.text] : [],
  );
}
