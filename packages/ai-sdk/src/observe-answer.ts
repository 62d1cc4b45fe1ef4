import type { Answer } from "./messages.ts";
import type { PromptPart } from "./prompt.ts";

interface StreamPart extends PromptPart {
  id?: string;
  delta?: string;
  finishReason?: unknown;
}

/** Told once how a stream ended: with an answer, or without one and with what it had said when it was stopped. */
export type AnswerListener = (
  answer: Answer | undefined,
  stopped?: readonly PromptPart[],
) => Promise<void> | void;

/** Passes every part on at once and keeps what the answer is made of; only a `finish` part makes it an answer. */
export function observeAnswer(done: AnswerListener): TransformStream<unknown, unknown> {
  const texts = new Map<string, { type: "text"; text: string }>();
  const content: PromptPart[] = [];
  let finishReason: unknown;
  let responseId: string | undefined;
  let failed = false;
  return new TransformStream<unknown, unknown>({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      const part = chunk as StreamPart;
      switch (part.type) {
        case "text-delta": {
          const id = part.id ?? "";
          let held = texts.get(id);
          if (held === undefined) {
            held = { type: "text", text: "" };
            texts.set(id, held);
            content.push(held);
          }
          held.text += part.delta ?? "";
          break;
        }
        case "tool-call":
        case "tool-result":
        case "file":
          content.push(part);
          break;
        case "response-metadata":
          responseId = part.id;
          break;
        case "error":
          failed = true;
          break;
        case "finish":
          finishReason = part.finishReason ?? "unknown";
          break;
      }
    },
    async flush() {
      const complete = finishReason !== undefined && !failed;
      await done(complete ? { content, finishReason, responseId } : undefined);
    },
    async cancel() {
      await done(undefined, content);
    },
  } as Transformer<unknown, unknown>);
}
