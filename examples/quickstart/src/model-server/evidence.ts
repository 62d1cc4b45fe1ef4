import type { Prompt } from "./prompt.ts";

/** One thing the prompt says that an answer may rely on. */
export interface Evidence {
  readonly source: "memory" | "conversation";
  /** Attribute name (`home_city`) or speaker (`user`); undefined where there is neither. */
  readonly key: string | undefined;
  readonly isAttribute: boolean;
  /** The value of an attribute, or one sentence somebody said. */
  readonly text: string;
  /** The line as it stands in the prompt, for naming it. */
  readonly line: string;
  /** Milliseconds since 1970 where the line has a date that can be read. */
  readonly time: number | undefined;
}

const block = /<spectron-memory>([\s\S]*?)<\/spectron-memory>/g;
const datedLine = /^\[([^\]]{1,40})\]\s*(.+)$/;
const keyedLine = /^([\p{L}][\p{L}\p{N}_. -]{0,59}?):\s+(.+)$/u;
const attributeName = /^[a-z][a-z0-9_.]*$/;

/** The text with memory blocks taken out, so that memory is never read as a question or a command. */
export function withoutMemory(text: string): string {
  return text.replace(block, "").trim();
}

/** Sentences of a text, each with its closing mark. */
export function sentences(text: string): readonly string[] {
  return (text.match(/[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]*/g) ?? [])
    .map((sentence) => sentence.trim())
    .filter(Boolean);
}

const entityLine = /^(\S+\/\S+)\s+([a-z][a-z0-9_.]*):\s+(.+)$/;

function parseTime(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function readLine(line: string, headingTime: number | undefined): Evidence | undefined {
  const dated = datedLine.exec(line);
  const rest = dated?.[2] ?? line;
  const entity = entityLine.exec(rest);
  const keyed = keyedLine.exec(rest);
  const key = entity?.[2] ?? keyed?.[1];
  // Below a date header every line is something somebody said, in transcripts also by name.
  const isNamed = headingTime !== undefined && key !== undefined && /^\p{Lu}/u.test(key);
  const isSpeaker = key === "user" || key === "assistant" || isNamed;
  const isKey = key !== undefined && !isSpeaker && attributeName.test(key);
  // Headings and the block's own introduction have neither a date nor a key, and say nothing about the user.
  if (!dated && !isSpeaker && !isKey) return undefined;
  return {
    source: "memory",
    key,
    isAttribute: isKey && !entity,
    text: entity?.[3] ?? keyed?.[2] ?? rest,
    line,
    time: parseTime(dated?.[1]) ?? headingTime,
  };
}

function readBlock(text: string): readonly Evidence[] {
  let headingTime: number | undefined;
  return text.split("\n").flatMap((raw) => {
    const line = raw.trim().replace(/^[-*•]\s+/, "");
    if (line.startsWith("#")) {
      headingTime = parseTime(line.replace(/^#+\s*/, ""));
      return [];
    }
    return readLine(line, headingTime) ?? [];
  });
}

/** Lines of every memory block in the system text or in a user message. */
export function memoryEvidence(prompt: Prompt): readonly Evidence[] {
  const texts = [
    prompt.instructions,
    ...prompt.messages.flatMap((message) => (message.role === "user" ? [message.text] : [])),
  ];
  const lines = texts
    .flatMap((text) => Array.from(text.matchAll(block)))
    .flatMap((match) => readBlock(match[1] ?? ""));
  // A block may stand in several messages; a line counts once.
  return [...new Map(lines.map((evidence) => [evidence.line, evidence])).values()];
}

/** What the user stated, newest first; assistant text is left out because it only repeats. */
export function conversationEvidence(userTexts: readonly string[]): readonly Evidence[] {
  return userTexts
    .flatMap((text) => sentences(withoutMemory(text)))
    .filter((sentence) => !isQuestion(sentence))
    .map((sentence): Evidence => ({
      source: "conversation",
      key: "user",
      isAttribute: false,
      text: sentence,
      line: sentence,
      time: undefined,
    }))
    .toReversed();
}

const questionStart =
  /^(?:(?:and|so|but|ok|okay|hey|hi|please)[,\s]+)?(?:who|whose|what|what's|where|where's|when|which|why|how|do|does|did|is|are|was|were|can|could|would|will|should|have you|has|tell me|remind me)\b/i;

/** True for a sentence that ends with a question mark or starts like a question. */
export function isQuestion(sentence: string): boolean {
  return sentence.trimEnd().endsWith("?") || questionStart.test(sentence.trim());
}
