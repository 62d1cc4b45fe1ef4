import { createAdapterMemory, idAnchor, ordinalAnchor } from "@spectron/core/adapter";
import type { MemoryOptions, TurnMessage } from "@spectron/core/adapter";
import { findLeftovers, ownerOf } from "./leftovers.ts";
import { incompleteMark, isSaid, reasonOf, spoken, toolDraft, userText } from "./messages.ts";
import type { Draft } from "./messages.ts";
import { bindingOf, claim, NAMESPACE } from "./options.ts";
import type { PromptPart } from "./prompt.ts";

/** A UI message in the parts that every SDK version has. */
export interface UiMessage {
  id: string;
  role: "system" | "user" | "assistant";
  parts: readonly { type: string }[];
}

/** What the handler reads of the UI stream's end. */
export interface UiStreamEnd {
  readonly responseMessage: UiMessage;
  readonly isAborted: boolean;
  readonly isCancelled?: boolean | undefined;
  readonly finishReason?: unknown;
}

export interface PersistUiMessagesOptions<Message extends UiMessage> extends Omit<
  MemoryOptions,
  "recall"
> {
  /**
   * The conversation as the browser sent it: the whole of it, or its newest part. What is stored between two of these
   * messages, or after the last, and is not among them has left the conversation, and leaves memory.
   */
  messages: readonly Message[];
  /** The same object that the model call gets, from `memoryOptions`; it marks the call as stored here. */
  providerOptions: Record<string, Record<string, unknown>>;
  /** Makes the id of an answer, unless your own `generateMessageId` follows. @default crypto.randomUUID */
  randomUUID?: (() => string) | undefined;
}

/** Spread into the options of `toUIMessageStream` or `toUIMessageStreamResponse`. */
export interface UiMessageHandlers<Message extends UiMessage> {
  originalMessages: Message[];
  generateMessageId(): string;
  /** ai 7. */
  onEnd(event: UiStreamEnd): Promise<void>;
  /** ai 5 and 6. */
  onFinish(event: UiStreamEnd): Promise<void>;
}

interface UiPart extends PromptPart {
  state?: string;
  parts?: UiPart[];
}

/**
 * Stores a chat by the ids of its UI messages: what the user said at once, the answer when the stream has ended. What
 * was regenerated, edited away or deleted leaves memory. A model that is wrapped with memory then only recalls.
 */
export function persistUIMessages<Message extends UiMessage>(
  options: PersistUiMessagesOptions<Message>,
): UiMessageHandlers<Message> {
  const { messages, providerOptions } = options;
  const randomUUID = options.randomUUID ?? (() => globalThis.crypto.randomUUID());
  const memory = createAdapterMemory({ ...options, recall: false, adapter: "ai-sdk" });
  const includeTools = options.tools?.include ?? [];
  const binding = bindingOf(providerOptions) ?? {};
  const release = claim(binding);

  const lastAnswer = messages.findLastIndex((message) => message.role === "assistant");
  const previous = lastAnswer === messages.length - 1 ? messages[lastAnswer] : undefined;
  // the SDK goes on writing into the message that it continues
  const known = (previous?.parts ?? []).map((part) => part as UiPart).map(({ state }) => state);
  const { scope = "", session = "" } = binding;
  const stores = binding.store !== "never";
  const turn = memory.turn(
    { scope, session },
    {
      inputs: messages.slice(lastAnswer + 1).flatMap((message, index) => {
        const place = message.id === "" ? ordinalAnchor(lastAnswer + 1 + index) : "";
        return message.role === "user" ? placed(userDrafts(message), message.id, 0, place) : [];
      }),
      store: stores,
    },
  );
  const last = messages.at(-1);
  const conversation = {
    ids: messages.map(({ id }) => id),
    question: last?.role === "user" ? last.id : undefined,
  };
  const leftovers = stores
    ? findLeftovers(memory, options, { scope, session }, conversation)
    : undefined;

  let ended = false;
  const onEnd = async (event: UiStreamEnd): Promise<void> => {
    if (ended) return;
    ended = true;
    release();
    const { responseMessage: answer, isAborted, isCancelled = false } = event;
    const reason = reasonOf(event.finishReason);
    if (isAborted || isCancelled || !isSaid(reason)) {
      turn.abort();
      // the same id may come again with the same words
      leftovers?.retract((id) => id === answer.id || ownerOf(id) === answer.id);
      return;
    }
    const start = previous !== undefined && previous.id === answer.id ? known.length : 0;
    const parts = answer.parts as readonly UiPart[];
    // tools that were approved have answered inside the part that asked
    const answered = parts
      .slice(0, start)
      .filter((part, index) => part.state !== known[index])
      .flatMap((part) => toolDraft(toolResult(part), includeTools));
    const drafts = [
      ...answered,
      ...answerDrafts(parts.slice(start), includeTools, incompleteMark(reason)),
    ];
    const place = ordinalAnchor(messages.length);
    const outputs = placed(drafts, answer.id, start, place);
    leftovers?.keep(outputs.map(({ id }) => id));
    await turn.finish(outputs);
    leftovers?.retract();
  };
  return {
    originalMessages: [...messages],
    generateMessageId: randomUUID,
    onEnd,
    onFinish: onEnd,
  };
}

/**
 * Leaves each message's id on its parts, where the middleware finds it after `convertToModelMessages`; so that an
 * edited message replaces the old one in memory.
 */
export function stampMessageIds<Message extends UiMessage>(
  messages: readonly Message[],
): Message[] {
  return messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) =>
      part.type === "text" || part.type === "file" ? stamped(part, message.id) : part,
    ),
  }));
}

function stamped<Part extends object>(part: Part, messageId: string): Part {
  const { providerMetadata } = part as { providerMetadata?: object };
  return { ...part, providerMetadata: { ...providerMetadata, [NAMESPACE]: { messageId } } };
}

function userDrafts(message: UiMessage): Draft[] {
  return spoken(
    "user",
    message.parts.map((part) => userText(part as UiPart)),
    undefined,
  );
}

/** Text of one speaker up to the next tool result or steering message is one message. */
function answerDrafts(
  parts: readonly UiPart[],
  includeTools: readonly string[],
  mark: string,
): Draft[] {
  const drafts: Draft[] = [];
  let texts: string[] = [];
  const endSpeech = (): void => {
    drafts.push(...spoken("assistant", texts, undefined));
    texts = [];
  };
  for (const part of parts) {
    const between =
      part.type === "steering-message"
        ? spoken("user", (part.parts ?? [part]).map(steeringText), undefined)
        : toolDraft(toolResult(part), includeTools);
    if (between.length > 0) {
      endSpeech();
      drafts.push(...between);
    } else if (part.type === "text") texts.push(part.text ?? "");
    else if (part.type === "file") texts.push(`[generated ${part.mediaType ?? "file"}]`);
  }
  if (mark !== "") texts.push(mark);
  endSpeech();
  return drafts;
}

/** A finished tool part in the shape of a tool result; anything else is none. */
function toolResult(part: UiPart): UiPart {
  if (part.state !== "output-available") return { type: part.type };
  if (part.type !== "dynamic-tool" && !part.type.startsWith("tool-")) return { type: part.type };
  const { toolName = part.type.slice("tool-".length), toolCallId = "", preliminary = false } = part;
  return { type: "tool-result", toolName, toolCallId, preliminary, result: part.output };
}

function steeringText(part: UiPart): string {
  return part.type === "steering-message" ? (part.text ?? "") : userText(part);
}

/** The message's own id, with a number where one UI message holds several of ours. */
function placed(
  drafts: readonly Draft[],
  messageId: string,
  start: number,
  fallback: string,
): TurnMessage[] {
  return drafts.map((draft, index) => {
    if (messageId === "") return { ...draft, anchor: fallback };
    const place = start + index === 0 ? messageId : `${messageId}/${start + index}`;
    return { ...draft, anchor: idAnchor(place), id: place };
  });
}
