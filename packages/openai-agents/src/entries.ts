import type { TranscriptEntry, TranscriptHistory } from "@spectron/core/transcript";
import type { AgentInputItem } from "@openai/agents";
import { callKey, isUserMessage, toWords } from "./messages.ts";
import type { Words } from "./messages.ts";

export interface EntryOptions {
  /** Tools whose results are remembered. */
  includeTools: readonly string[];
  /** False remembers nothing of these items. */
  remember: boolean;
}

type Entry = TranscriptEntry<AgentInputItem>;

/** Items with what memory hears of them; what memory heard before stays in the transcript alone. */
export async function toEntries(
  items: readonly AgentInputItem[],
  history: TranscriptHistory<AgentInputItem>,
  options: EntryOptions,
): Promise<Entry[]> {
  const entries = items.map((item) => ({ item, message: toWords(item, options.includeTools) }));
  if (!options.remember) return entries.map((entry) => ({ ...entry, remember: false }));
  const known = new Set([
    ...(await readded(entries, history, options)),
    ...(await orphans(entries, history, options)),
    ...(await storedCalls(entries, history)),
  ]);
  return entries.map((entry, index) => (known.has(index) ? { ...entry, remember: false } : entry));
}

/** Compaction clears the session and puts back what it kept; memory knows that already. */
async function readded(
  entries: readonly Entry[],
  history: TranscriptHistory<AgentInputItem>,
  { includeTools }: EntryOptions,
): Promise<number[]> {
  const cleared = await history.cleared();
  if (cleared === undefined) return [];
  const before = cleared.map((item) => spoken(toWords(item, includeTools)));
  const now = entries.map(({ message }) => spoken(message));
  const compacts = entries.some(({ item }) => (item as { type?: string }).type === "compaction");
  // without a compaction item only the whole of it, put back after a failure, is no new conversation
  if (!compacts && JSON.stringify(before) !== JSON.stringify(now)) return [];
  return now.flatMap((words, index) => {
    const at = before.indexOf(words);
    if (at === -1) return [];
    before.splice(at, 1);
    return [index];
  });
}

/** A streamed run that failed stored its input alone; the same input before an answer is that input again. */
async function orphans(
  entries: readonly Entry[],
  history: TranscriptHistory<AgentInputItem>,
  { includeTools }: EntryOptions,
): Promise<number[]> {
  const answer = entries.findIndex(({ item }) => !isUserMessage(item));
  const leading = (answer === -1 ? entries : entries.slice(0, answer)).map(({ message }) =>
    spoken(message),
  );
  if (leading.length === 0) return [];
  const trailing: string[] = [];
  for await (const { item } of history.newestFirst()) {
    if (!isUserMessage(item) || trailing.length === leading.length) break;
    trailing.unshift(spoken(toWords(item, includeTools)));
  }
  for (let count = trailing.length; count > 0; count -= 1)
    if (JSON.stringify(trailing.slice(-count)) === JSON.stringify(leading.slice(0, count)))
      return leading.slice(0, count).map((_, index) => index);
  return [];
}

/** A snapshot that is resumed twice stores its calls and results twice. */
async function storedCalls(
  entries: readonly Entry[],
  history: TranscriptHistory<AgentInputItem>,
): Promise<number[]> {
  const open = new Map<string, number>();
  const known: number[] = [];
  for (const [index, { item, message }] of entries.entries()) {
    const key = callKey(item);
    if (key === undefined || message === undefined) continue;
    if (open.has(key)) known.push(index);
    else open.set(key, index);
  }
  if (open.size === 0) return known;
  for await (const { item } of history.newestFirst()) {
    const index = open.get(callKey(item) ?? "");
    if (index !== undefined) known.push(index);
  }
  return known;
}

function spoken(words: Words | undefined): string {
  return words === undefined
    ? ""
    : JSON.stringify([words.role, words.text, words.tool, words.args]);
}
