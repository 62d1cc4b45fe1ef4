import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Spectron, WireMessage } from "@spectron/core";
import { SingleBar } from "cli-progress";
import { aiSdkModel, scope } from "./agents.ts";
import type { ModelAccess } from "./agents.ts";
import { openMemory } from "./memory.ts";
import { print } from "./print.ts";

/** Messages of one request. */
const BATCH = 100;

/** Ingests a conversation of `{role, content, ts?}` lines, then answers questions about it. */
export async function runFile(file: string, data: string, access: ModelAccess): Promise<void> {
  const messages = readMessages(file);
  const spectron = await openMemory(join(data, "memory.db"));
  try {
    await ingest(spectron, messages);
    await answerQuestions(spectron, access);
  } finally {
    await spectron.close();
  }
}

function readMessages(file: string): WireMessage[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => {
      if (line.trim() === "") return [];
      let message: Partial<WireMessage>;
      try {
        message = JSON.parse(line) as Partial<WireMessage>;
      } catch {
        throw new Error(`${file}, line ${index + 1}: not valid JSON.`);
      }
      if (message.role === undefined || typeof message.content !== "string")
        throw new Error(`${file}, line ${index + 1}: needs "role" and "content".`);
      const ts = message.ts === undefined || message.ts === null ? {} : { ts: message.ts };
      return [{ role: message.role, content: message.content, ...ts }];
    });
}

async function ingest(spectron: Spectron, messages: readonly WireMessage[]): Promise<void> {
  const session = await spectron.sessions.create({ scopes: [[scope]] });
  const bar = new SingleBar({
    format: "  remembering [{bar}] {value}/{total} messages",
    hideCursor: true,
    noTTYOutput: true,
  });
  bar.start(messages.length, 0);
  for (let start = 0; start < messages.length; start += BATCH) {
    const batch = messages.slice(start, start + BATCH);
    await spectron.facts.batch(
      { session_id: session.id, scopes: [[scope]], messages: batch },
      { idempotencyKey: `quickstart-file-${start}` },
    );
    bar.increment(batch.length);
  }
  bar.stop();
}

async function answerQuestions(spectron: Spectron, access: ModelAccess): Promise<void> {
  const ask = aiSdkModel(spectron, access);
  print.title("Ask about the conversation (an empty line ends)");
  const input = createInterface({ input: process.stdin });
  process.stdout.write("> ");
  for await (const question of input) {
    if (question.trim() === "") break;
    const recalled = await spectron.query({ query: question, lens: [[scope]], k: 3 });
    for (const hit of recalled.hits) print.note(`  ${hit.text}`);
    print.said("answer", await ask(question));
    process.stdout.write("> ");
  }
  input.close();
}
