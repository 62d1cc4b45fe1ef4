import type { BaseMessage } from "@langchain/core/messages";

/** A content block in any of the forms that LangChain and its providers use. */
export interface ContentBlock {
  type: string;
  [field: string]: unknown;
}

/** Longest inlined text file that is kept, in characters. */
const TEXT_FILE = 8_000;

const MEDIA: Readonly<Record<string, string>> = {
  image: "image",
  image_url: "image",
  input_image: "image",
  audio: "audio",
  input_audio: "audio",
  video: "video",
  file: "file",
  input_file: "file",
  document: "file",
  media: "file",
};

/** The content of a message as blocks. */
export function blocksOf(message: BaseMessage): ContentBlock[] {
  if (typeof message.content === "string") return [{ type: "text", text: message.content }];
  return (message.content as (ContentBlock | string)[]).map((block) =>
    typeof block === "string" ? { type: "text", text: block } : block,
  );
}

/** The words of a message: its text, and a placeholder for each picture, recording or file; never their bytes. */
export function contentText(blocks: readonly ContentBlock[]): string {
  const parts: string[] = [];
  let text = "";
  for (const block of blocks) {
    if (block.type === "text") {
      // a stream may cut one text into several blocks
      text += stringAt(block, "text") ?? "";
      continue;
    }
    const part = blockText(block);
    if (part === "") continue;
    parts.push(text, part);
    text = "";
  }
  return [...parts, text].filter((part) => part !== "").join("\n");
}

function blockText(block: ContentBlock): string {
  if (block.type === "text-plain" || (block.type === "file" && block["source_type"] === "text"))
    return (stringAt(block, "text") ?? "").slice(0, TEXT_FILE);
  if (block.type === "refusal") {
    const refusal = stringAt(block, "refusal") ?? "";
    return refusal === "" ? "" : `[refused] ${refusal}`;
  }
  const kind = MEDIA[block.type];
  if (kind === undefined) return "";
  const name = nameOf(block) ?? hostOf(block);
  return name === undefined ? `[${kind}]` : `[${kind}: ${name}]`;
}

function nameOf(block: ContentBlock): string | undefined {
  for (const holder of [block, block["metadata"], block["file"]])
    for (const field of ["name", "filename", "title"]) {
      const value = stringAt(holder, field);
      if (value !== undefined && value !== "") return value;
    }
  return undefined;
}

function hostOf(block: ContentBlock): string | undefined {
  const url =
    stringAt(block, "url") ??
    stringAt(block, "image_url") ??
    stringAt(block["image_url"], "url") ??
    stringAt(block, "fileUri") ??
    "";
  return URL.canParse(url) ? new URL(url).host || undefined : undefined;
}

function stringAt(holder: unknown, field: string): string | undefined {
  if (typeof holder !== "object" || holder === null) return undefined;
  const value = (holder as Record<string, unknown>)[field];
  return typeof value === "string" ? value : undefined;
}
