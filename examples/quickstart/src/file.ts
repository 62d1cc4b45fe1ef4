import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Spectron, WireMessage } from "@spectron/core";
import { SingleBar } from "cli-progress";
import { aiSdkModel, scope } from "./agents.ts";
import type { ModelAccess } from "./agents.ts";
import { openMemory } from "./memory.ts";
import { print } from "./print.ts";

/** Messages of one request. */
const BATCH = 100;

/** Ingests the conversation of a file, then answers questions about it. */
export async function runFile(
  file: string,
  messages: readonly WireMessage[],
  data: string,
  access: ModelAccess,
): Promise<void> {
  const spectron = await openMemory(join(data, "memory.db"));
  try {
    await ingest(spectron, file, messages);
    await answerQuestions(spectron, access);
  } finally {
    await spectron.close();
  }
}

async function ingest(
  spectron: Spectron,
  file: string,
  messages: readonly WireMessage[],
): Promise<void> {
  // the file is the session and its lines are the messages: read again into a kept memory, it stores nothing twice
  const externalId = `file-${digest(resolve(file))}`;
  const session = await spectron.sessions.create({ externalId, scopes: [[scope]] });
  const bar = new SingleBar({
    format: "  remembering [{bar}] {value}/{total} messages",
    hideCursor: true,
    noTTYOutput: true,
  });
  bar.start(messages.length, 0);
  try {
    for (let start = 0; start < messages.length; start += BATCH) {
      const batch = messages.slice(start, start + BATCH);
      await spectron.facts.batch(
        { session_id: session.id, scopes: [[scope]], messages: batch },
        { idempotencyKey: `quickstart-${digest(JSON.stringify([session.id, start, batch]))}` },
      );
      bar.increment(batch.length);
    }
  } finally {
    bar.stop();
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
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
