import { idAnchor, ordinalAnchor } from "@spectron/core/adapter";
import type { TurnMessage } from "@spectron/core/adapter";
import type { AgentInputItem } from "@openai/agents";

interface Part {
  type: string;
  text?: string;
  transcript?: string | null;
  refusal?: string;
  filename?: string;
}

/** Items of the SDK, in the fields that memory reads. */
interface Item {
  type?: string;
  id?: string;
  role?: string;
  content?: string | Part[];
  name?: string;
  callId?: string;
  arguments?: string;
  output?: unknown;
  status?: string;
  phase?: string;
}

/** What a wire message keeps of a session item; undefined for what is never remembered. */
export function toTurnMessage(
  original: AgentInputItem,
  position: number,
  includeTools: readonly string[],
): TurnMessage | undefined {
  const item = original as Item;
  const place = item.id ?? item.callId;
  const anchor = place === undefined ? ordinalAnchor(position) : idAnchor(place);
  switch (item.type ?? "message") {
    case "message": {
      if (item.role !== "user" && item.role !== "assistant") return undefined;
      if (item.phase === "commentary" || item.status === "in_progress") return undefined;
      const text = textOf(item.content);
      return text === "" ? undefined : { role: item.role, text, anchor };
    }
    case "function_call":
      if (item.name?.startsWith("transfer_to_") === true) return undefined;
      return {
        role: "assistant",
        text: "",
        anchor,
        tool: item.name ?? "tool",
        args: item.arguments ?? "",
        ...(item.callId === undefined ? {} : { callId: item.callId }),
      };
    case "function_call_result": {
      if (!includeTools.includes(item.name ?? "")) return undefined;
      const text = outputText(item.output);
      return text === ""
        ? undefined
        : {
            role: "tool",
            text,
            anchor,
            tool: item.name ?? "",
            ...(item.callId === undefined ? {} : { callId: item.callId }),
          };
    }
    default:
      return undefined;
  }
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
          return part.refusal ?? "";
        case "audio":
          return part.transcript ?? "[audio]";
        case "input_image":
          return "[image]";
        case "image":
          return "[generated image]";
        case "input_file":
          return part.filename === undefined ? "[file]" : `[file: ${part.filename}]`;
        default:
          return "";
      }
    })
    .filter((text) => text !== "")
    .join("\n");
}

function outputText(output: unknown): string {
  if (typeof output === "string") return output;
  if (Array.isArray(output)) return textOf(output as Part[]);
  if (typeof output === "object" && output !== null && "text" in output) return String(output.text);
  return "";
}
