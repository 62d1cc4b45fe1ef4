import { setTimeout as delay } from "node:timers/promises";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";

interface ChatRequest {
  stream?: boolean;
  messages: { role: string; content: string | { text?: string }[] | null }[];
}

export interface LocalModelOptions {
  /** Pause between two words of a stream. @default 30 */
  wordDelayMs?: number | undefined;
}

const SMALL_WORDS = new Set(
  "a an and am are do does i in is it me my of on the to what where who".split(" "),
);

/** An OpenAI-compatible model that needs no key: it answers from what stands in its prompt, and from nothing else. */
export function createLocalModel(options: LocalModelOptions = {}): Hono {
  const { wordDelayMs = 30 } = options;
  const app = new Hono();
  let count = 0;
  app.post("/v1/chat/completions", async (context) => {
    const { stream = false, messages } = await context.req.json<ChatRequest>();
    count += 1;
    const text = answer(
      messages.map(({ role, content }) => ({ role, text: textOf(content) })),
      count,
    );
    const base = { id: `chatcmpl-${count}`, created: 0, model: "local" };
    if (!stream) {
      const message = { role: "assistant", content: text };
      return context.json({ ...base, choices: [{ index: 0, message, finish_reason: "stop" }] });
    }
    return streamSSE(context, async (events) => {
      const send = async (choice: object): Promise<void> =>
        events.writeSSE({ data: JSON.stringify({ ...base, choices: [{ index: 0, ...choice }] }) });
      for (const content of text.match(/\S+\s*/g) ?? []) {
        if (events.aborted) return;
        await send({ delta: { role: "assistant", content }, finish_reason: null });
        await delay(wordDelayMs);
      }
      await send({ delta: {}, finish_reason: "stop" });
      await events.writeSSE({ data: "[DONE]" });
    });
  });
  return app;
}

function answer(messages: readonly { role: string; text: string }[], count: number): string {
  const question = messages.findLast(({ role }) => role === "user")?.text ?? "";
  if (/\bstory\b/i.test(question))
    return `Once upon a time there was a memory that never forgot. ${"It went on and on. ".repeat(40)}The end.`;
  if (!isQuestion(question)) {
    const openings = [
      "Noted, I will remember that:",
      "Good to know:",
      "Thank you, I keep that in mind:",
    ];
    return `${openings[count % openings.length]} ${question}`;
  }
  const facts = messages.flatMap(({ role, text }) => (role === "system" ? remembered(text) : []));
  const asked = words(question);
  const scored = facts
    .map((fact) => ({ fact, score: words(fact).filter((word) => asked.includes(word)).length }))
    .toSorted((a, b) => b.score - a.score);
  const best = scored.filter(({ score }) => score > 0).slice(0, 2);
  const chosen = best.length > 0 ? best : scored.slice(0, 2);
  if (chosen.length === 0) return "I do not know that yet. Tell me, and I will remember it.";
  const openings = ["From what you told me:", "As far as I remember:", "You told me this:"];
  return `${openings[count % openings.length]} ${chosen.map(({ fact }) => fact).join("; ")}.`;
}

/** The lines of the memory block. */
function remembered(text: string): string[] {
  const block = /<spectron-memory>([\s\S]*?)<\/spectron-memory>/.exec(text)?.[1] ?? "";
  const lines = block.split("\n").filter((line) => line.startsWith("- "));
  // the profile and what was recalled may say the same
  return [...new Set(lines.map((line) => line.replace(/^- (user )?/, "")))];
}

function isQuestion(text: string): boolean {
  return /\?\s*$/.test(text) || /^\s*(what|where|who|when|which|how|do|does|is|are)\b/i.test(text);
}

/** Words that carry meaning; "live" and "city" mean the same to somebody who asks for a home. */
function words(text: string): string[] {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .split(" ");
  return plain
    .filter((word) => !SMALL_WORDS.has(word))
    .map((word) => (["live", "lives", "city", "home"].includes(word) ? "home" : word));
}

function textOf(content: ChatRequest["messages"][number]["content"]): string {
  if (content === null) return "";
  return typeof content === "string" ? content : content.map(({ text = "" }) => text).join("");
}
