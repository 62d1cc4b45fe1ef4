import { mkdtemp, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import type { Conversation } from "./conversations.ts";
import type { Found } from "./measures.ts";

/** Something that finds turns of one conversation for a question, best first. */
export interface System {
  name: string;
  find(conversation: string, question: string): Promise<Found[]>;
}

const FOUND = 50;

/** The memory service in this process, with all conversations in it, each in a scope of its own. */
export async function startService(
  conversations: readonly Conversation[],
): Promise<{ systems: System[]; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "spectron-bench-"));
  const service = await embedded({ path: folder });
  const spectron = createSpectron(service);
  const turnOf = new Map<string, string>();
  for (const { id, sessions } of conversations)
    for (const { turns } of sessions) {
      const { turnIds } = await spectron.facts.batch({
        scopes: [[scopeOf(id)]],
        messages: turns.map(({ who, text, ts }) => ({
          role: who === "assistant" ? ("assistant" as const) : ("user" as const),
          content: ["user", "assistant"].includes(who) ? text : `${who}: ${text}`,
          ts,
        })),
      });
      for (const [at, turn] of turns.entries()) turnOf.set(turnIds[at] ?? "", turn.id);
    }
  const system = (name: string, mode: "hybrid" | "bm25"): System => ({
    name,
    async find(conversation, query) {
      const { hits } = await spectron.query({
        query,
        mode,
        k: FOUND,
        lens: [[scopeOf(conversation)]],
      });
      return hits.map(({ text, sources }) => ({
        text,
        turn: turnOf.get((sources?.[0]?.ref ?? "").replace(/^turn:/u, "")),
      }));
    },
  });
  return {
    systems: [system("BM25", "bm25"), system("Spectron", "hybrid")],
    async stop() {
      await spectron.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** SQLite's full text search over the same turns, as it comes. */
export function createFts5(conversations: readonly Conversation[]): System {
  const database = new DatabaseSync(":memory:");
  database.exec(
    "CREATE VIRTUAL TABLE turn USING fts5(conversation UNINDEXED, id UNINDEXED, text, tokenize = 'porter unicode61')",
  );
  const insert = database.prepare("INSERT INTO turn VALUES (?, ?, ?)");
  for (const { id, sessions } of conversations)
    for (const turn of sessions.flatMap(({ turns }) => turns))
      insert.run(id, turn.id, `[${turn.ts.slice(0, 10)}] ${turn.who}: ${turn.text}`);
  const select = database.prepare(
    "SELECT id, text FROM turn WHERE turn MATCH ? AND conversation = ? ORDER BY rank LIMIT ?",
  );
  return {
    name: "FTS5",
    find: async (conversation, question) => {
      const words = question.match(/[\p{L}\p{N}]+/gu) ?? [];
      const match = words.map((word) => `"${word}"`).join(" OR ");
      return match === ""
        ? []
        : select
            .all(match, conversation, FOUND)
            .map((row) => ({ text: row["text"] as string, turn: row["id"] as string }));
    },
  };
}

function scopeOf(conversation: string): string {
  return `conversation/${conversation}`;
}
