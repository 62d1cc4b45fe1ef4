import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAdmin } from "@spectron/core/admin";
import type { AttributeDetail, Spectron } from "@spectron/core";
import { aiSdkModel, openaiAgent, scope } from "./agents.ts";
import type { Ask, ModelAccess } from "./agents.ts";
import { openMemory } from "./memory.ts";
import { print } from "./print.ts";

/** The story: three frameworks, one memory, a killed process in between. */
export async function runQuickstart(data: string, access: ModelAccess): Promise<void> {
  const path = join(data, "memory.db");
  print.title("1. A LangChain agent meets Alice");
  print.note(
    access.baseURL === undefined
      ? `Models: OpenAI, ${access.model}.`
      : "Models: the real OpenAI providers, against a small local server that answers from the prompt it gets.",
  );
  await firstHalf(path, access);

  print.title("2. A new process, the same memory file");
  const spectron = await openMemory(path);
  try {
    await conversation("AI SDK", aiSdkModel(spectron, access), [
      "What is my name?",
      "Where do I live?",
    ]);
    await conversation("OpenAI Agents", openaiAgent(spectron, access), [
      "Who do I work for?",
      "What do I like?",
    ]);

    print.title("3. The same request twice stores nothing twice");
    await sendTwice(spectron);

    print.title("4. Alice moves, and a record disagrees with her");
    await conversation("AI SDK", aiSdkModel(spectron, access), [
      "I moved to Porto.",
      "Where do I live now?",
    ]);
    await spectron.flush();
    await recordEmployer(spectron);

    print.title("5. What memory holds, and where each fact comes from");
    await showMemory(spectron);
  } finally {
    await spectron.close();
  }
}

async function firstHalf(path: string, access: ModelAccess): Promise<void> {
  const child = fork(
    fileURLToPath(new URL("first-half.ts", import.meta.url)),
    [path, access.baseURL ?? ""],
    { execArgv: ["--conditions=@spectron/source"] },
  );
  const acknowledged = await Promise.race([
    once(child, "message").then(() => true),
    once(child, "exit").then(() => false),
  ]);
  if (!acknowledged) throw new Error("The first half of the quickstart ended early.");
  child.kill("SIGKILL");
  await once(child, "exit");
  print.note(`Process ${child.pid} was ended with kill -9.`);
}

async function conversation(name: string, ask: Ask, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    print.said("Alice", text);
    print.said(name, await ask(text));
  }
}

async function sendTwice(spectron: Spectron): Promise<void> {
  const session = await spectron.sessions.create({ scopes: [[scope]] });
  const request = {
    session_id: session.id,
    scopes: [[scope]],
    messages: [{ role: "user" as const, content: "My sister is called Rosa." }],
  };
  const idempotencyKey = `quickstart-rosa-${session.id}`;
  const first = await spectron.facts.batch(request, { idempotencyKey });
  const second = await spectron.facts.batch(request, { idempotencyKey });
  const { turns } = await spectron.sessions.turns(session.id);
  print.line(`first answer:  turn ${first.turnIds[0]}`);
  print.line(`second answer: turn ${second.turnIds[0]}`);
  print.line(`turns stored:  ${turns.length}`);
}

/** What a system of record states is an upsert: it never replaces what Alice said, nor the other way round. */
async function recordEmployer(spectron: Spectron): Promise<void> {
  await spectron.facts.add({
    infer: "triples",
    scopes: [[scope]],
    triples: [{ entity: { type: "person", name: "user" }, key: "employer", value: "Acme" }],
  });
  print.line("The staff directory says: user employer Acme.");
}

async function showMemory(spectron: Spectron): Promise<void> {
  const state = await spectron.state({ lens: [[scope]], corrections: true });
  const parts = [state.identity, state.knowledge, state.context];
  for (const fact of parts.flatMap((part) => part.attributes)) showFact(fact);
  for (const relation of parts.flatMap((part) => part.relations))
    print.line(`${relation.subject} ${relation.label} ${relation.object}`);
  for (const item of state.instructions) print.line(`asked for: ${item.description}`);
  for (const correction of state.corrections ?? [])
    print.line(
      `corrected: ${correction.key} was ${correction.oldValue}, is ${correction.newValue}`,
    );
  for (const doubt of state.unknowns) print.line(`unsure: ${doubt.about}, ${doubt.reason}`);

  print.line("");
  print.line("Every home that Alice ever named, newest first:");
  const { history } = await createAdmin(spectron).entities.history("person", "user", "home_city");
  for (const fact of history) showFact(fact);
}

function showFact(fact: AttributeDetail): void {
  const { source } = fact;
  const until = fact.validUntil === undefined ? "" : `, until ${fact.validUntil.slice(0, 16)}`;
  print.line(`${fact.key}: ${fact.value}${until}`);
  print.note(
    source?.quote === undefined
      ? `      stated as a record (${source?.kind})`
      : `      "${source.quote}" (${source.role}, ${source.ref})`,
  );
}
