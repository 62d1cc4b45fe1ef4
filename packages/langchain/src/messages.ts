import { idAnchor, ordinalAnchor } from "@spectron/core/adapter";
import type { TurnMessage } from "@spectron/core/adapter";
import type { AIMessage, BaseMessage, ToolMessage } from "@langchain/core/messages";

/** What a wire message keeps of a LangChain message; undefined for what is never remembered. */
export function toTurnMessage(
  message: BaseMessage,
  position: number,
  includeTools: readonly string[],
): TurnMessage | undefined {
  const anchor = message.id === undefined ? ordinalAnchor(position) : idAnchor(message.id);
  switch (message.getType()) {
    case "human": {
      // a summary or notification made by the framework is not something the user said
      if (message.additional_kwargs["lc_source"] !== undefined) return undefined;
      return nonEmpty({ role: "user", text: humanText(message), anchor });
    }
    case "ai":
      return nonEmpty({ role: "assistant", text: assistantText(message as AIMessage), anchor });
    case "tool":
    case "function": {
      const tool = message as ToolMessage;
      if (tool.status === "error" || !includeTools.includes(tool.name ?? "")) return undefined;
      return nonEmpty({
        role: "tool",
        text: textOf(message),
        anchor,
        tool: tool.name ?? "",
        callId: tool.tool_call_id,
      });
    }
    default:
      return undefined;
  }
}

/** The newest human message: what memory is asked about, and where it stands. */
export function lastQuestion(messages: readonly BaseMessage[]): {
  query?: string;
  queryAnchor?: string;
} {
  const message = messages.findLast(
    (item) => item.getType() === "human" && item.additional_kwargs["lc_source"] === undefined,
  );
  if (message === undefined) return {};
  return { query: textOf(message), queryAnchor: message.id ?? `#${messages.indexOf(message)}` };
}

function nonEmpty(message: TurnMessage): TurnMessage | undefined {
  return message.text === "" ? undefined : message;
}

interface ContentBlock {
  type: string;
  text?: string;
  name?: string;
  filename?: string;
  metadata?: { filename?: string };
}

function blocksOf(message: BaseMessage): ContentBlock[] {
  return typeof message.content === "string"
    ? [{ type: "text", text: message.content }]
    : (message.content as ContentBlock[]);
}

function textOf(message: BaseMessage): string {
  return blocksOf(message)
    .flatMap((block) => (block.type === "text" && block.text !== undefined ? [block.text] : []))
    .join("\n");
}

const MEDIA: Readonly<Record<string, string>> = {
  image: "image",
  image_url: "image",
  audio: "audio",
  input_audio: "audio",
  video: "video",
  file: "file",
};

function humanText(message: BaseMessage): string {
  return blocksOf(message)
    .flatMap((block) => {
      if (block.type === "text" || block.type === "text-plain") return [block.text ?? ""];
      const kind = MEDIA[block.type];
      if (kind === undefined) return [];
      const name = block.name ?? block.filename ?? block.metadata?.filename;
      return [name === undefined ? `[${kind}]` : `[${kind}: ${name}]`];
    })
    .filter((text) => text !== "")
    .join("\n");
}

function assistantText(message: AIMessage): string {
  const refusals = blocksOf(message).flatMap((block) =>
    block.type === "refusal" ? [(block as { refusal?: string }).refusal ?? ""] : [],
  );
  const calls = (message.tool_calls ?? []).map(
    (call) => `called ${call.name}(${JSON.stringify(call.args)})`,
  );
  return [textOf(message), ...refusals, ...calls].filter((text) => text !== "").join("\n");
}
