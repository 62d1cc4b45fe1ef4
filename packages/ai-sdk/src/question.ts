import { toDrafts } from "./messages.ts";
import type { Draft } from "./messages.ts";
import { stampedId } from "./prompt.ts";
import type { PromptMessage } from "./prompt.ts";

/** The user's message that a call answers, by the application's id. */
export interface Question {
  id: string;
  /** What was said since: steps of the answer, tool results, steering. */
  since: readonly PromptMessage[];
}

/** Longest message id that the service takes. */
const LONGEST_ID = 128;

/** Finds the question of a prompt; undefined where the application left no ids (see `stampMessageIds`). */
export function questionOf(conversation: readonly PromptMessage[]): Question | undefined {
  for (let index = conversation.length - 1; index >= 0; index -= 1) {
    const message = conversation[index];
    if (message?.role !== "user") continue;
    const id = stampedId(message);
    if (id !== undefined) return { id, since: conversation.slice(index + 1) };
    // steering has no id and follows a tool's result; any other message without one is the question
    const { role } = conversation[index - 1] ?? {};
    if (role !== "tool" && role !== "user") return undefined;
  }
  return undefined;
}

/** True when a step of the answer is in the prompt already. */
export function isAnswered(question: Question): boolean {
  return question.since.some(({ role }) => role === "assistant");
}

/**
 * Ids of what is said in answer to a question: its own with a place, so that another answer in the same place is a
 * revision of the old one.
 */
export function answerIds(
  question: Question | undefined,
  before: readonly PromptMessage[],
  drafts: readonly Draft[],
  includeTools: readonly string[],
): (string | undefined)[] {
  if (question === undefined) return drafts.map(({ id }) => id);
  const count = { assistant: 0, user: 0 };
  for (const { role } of toDrafts(before, includeTools))
    if (role === "assistant" || role === "user") count[role] += 1;
  return drafts.map((draft) => {
    if (draft.id !== undefined) return draft.id;
    const place =
      draft.role === "assistant" || draft.role === "user"
        ? `${draft.role[0]}${count[draft.role]++}`
        : draft.callId;
    const id = `${question.id}/${place}`;
    return id.length > LONGEST_ID ? undefined : id;
  });
}
