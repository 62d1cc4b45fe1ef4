import type { ExtractionResult, QueryHit, ScopeSets } from "@spectron/core/protocol";
import type { Caller } from "../commands/command.ts";
import type { Engine } from "../engine.ts";
import { mayWrite } from "../model/clamp.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { EngineError } from "../model/errors.ts";
import { generateText } from "./generate-text.ts";
import type { GenerateInput, Generator } from "./generator.ts";
import { buildPrompt } from "./prompt.ts";

export interface ChatInput {
  caller: Caller;
  clamp: ReadClamp;
  message: string;
  /** Absent: the exchange makes a session. */
  sessionId?: string | undefined;
  scopes?: ScopeSets | undefined;
  model?: string | undefined;
  labels: readonly string[];
  /** The reply names no sources, and what was shown to the model is cited. */
  suppressMarkers: boolean;
  signal: AbortSignal;
  onDelta?: ((delta: string) => void) | undefined;
}

export interface Citation {
  marker: string;
  id: string;
  kind: string;
  snippet: string;
  score: number;
  role?: string | undefined;
  occurredAt?: string | undefined;
}

export interface ChatReply {
  reply: string;
  sessionId: string;
  traceId: string;
  /** What the user's message taught. */
  memoryUpdates: ExtractionResult | Record<string, never>;
  citations: Citation[];
}

/** Turns of the session that the model sees, and most of their characters. */
const RECENT = { turns: 10, characters: 8000 } as const;
const RECALLED = 20;
const TASK = "You are a helpful assistant with a long-term memory.";

/** Answers a message from memory; only a whole reply is stored, together with the message (contract 7.6). */
export async function chat(
  engine: Pick<Engine, "read" | "recall" | "remember" | "now">,
  generator: Generator,
  input: ChatInput,
): Promise<Omit<ChatReply, "traceId">> {
  const { caller } = input;
  const session =
    input.sessionId === undefined
      ? undefined
      : await engine.read("getSession", { caller, id: input.sessionId });
  const scopes = input.scopes ?? session?.scopes;
  if (session?.status === "closed") throw new EngineError("forbidden", "The session is closed.");
  if (scopes !== undefined && !mayWrite(scopes, caller.write))
    throw new EngineError("forbidden", "This key may not write to these scopes.");
  const clamp = { ...input.clamp, ...(scopes === undefined ? {} : { lens: scopes }) };
  const [earlier, profile, recalled] = await Promise.all([
    readEarlier(engine, caller, input.sessionId),
    engine.read("readProfile", { caller, clamp, at: engine.now() }),
    engine.recall({
      caller,
      clamp,
      query: input.message,
      k: RECALLED,
      facts: true,
      passages: true,
    }),
  ]);
  const prompt = buildPrompt(
    TASK,
    { profile, hits: recalled.hits() },
    { cites: !input.suppressMarkers },
  );
  const reply = await generateText(
    generator,
    {
      system: prompt.system,
      messages: [...earlier, { role: "user", content: input.message }],
      model: input.model,
    },
    input,
  );
  const outcome = await engine.remember({
    caller,
    sessionId: input.sessionId,
    scopes: input.scopes,
    messages: [
      { role: "user", content: input.message },
      { role: "assistant", content: reply, infer: false },
    ],
    infer: "full",
    triples: [],
    diff: "whole_conversation",
    labels: input.labels,
    answer: { kind: "batch" },
  });
  const body = outcome.replayed ? undefined : outcome.body;
  return {
    reply,
    sessionId: body?.sessionId ?? "",
    memoryUpdates:
      body === undefined || !("extractions" in body) ? {} : (body.extractions[0] ?? {}),
    citations: prompt.marked
      .map(toCitation)
      .filter(({ marker }) => input.suppressMarkers || reply.includes(marker)),
  };
}

async function readEarlier(
  engine: Pick<Engine, "read">,
  caller: Caller,
  id: string | undefined,
): Promise<GenerateInput["messages"]> {
  if (id === undefined) return [];
  const { turns } = await engine.read("listTurns", {
    caller,
    id,
    order: "newest",
    limit: RECENT.turns,
  });
  const messages: { role: "user" | "assistant"; content: string }[] = [];
  let room: number = RECENT.characters;
  for (const { role, content } of turns) {
    if ((role !== "user" && role !== "assistant") || content === "") continue;
    room -= content.length;
    if (room < 0) break;
    messages.unshift({ role, content });
  }
  return messages;
}

function toCitation(hit: QueryHit, index: number): Citation {
  const role = hit.sources?.[0]?.role;
  return {
    marker: `[${index + 1}]`,
    id: hit.id,
    kind: hit.source,
    snippet: hit.text,
    score: hit.score,
    ...(role === undefined ? {} : { role }),
    ...(hit.occurredAt === undefined ? {} : { occurredAt: hit.occurredAt }),
  };
}
