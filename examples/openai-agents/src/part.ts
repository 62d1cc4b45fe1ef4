import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RunState, Runner } from "@openai/agents";
import type { Agent } from "@openai/agents";
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { createDesk } from "./desk.ts";
import { modelsFor } from "./models.ts";
import type { Part } from "./models.ts";

// One process of the story: `node part.ts ask|approve|return FOLDER`.

const [name, folder] = process.argv.slice(2) as [Part, string];
const waiting = join(folder, "waiting-for-approval.json");
const say = (who: string, text: string): void =>
  void process.stdout.write(`${who.padEnd(12)}${text}\n`);

const spectron = createSpectron(await embedded({ path: join(folder, "memory.db") }));
const runner = new Runner({ tracingDisabled: true });
const open = (conversation: string): ReturnType<typeof createDesk> =>
  createDesk(spectron, {
    customer: "ada",
    conversation,
    models: modelsFor(name, process.env),
    onRefund: (order) => {
      say("refund", order);
    },
  });

/** Monday: the customer asks, and the desk stops before it pays. */
async function ask(): Promise<void> {
  const { triage, session } = open("monday");
  const text = "My name is Ada and I live in Braga. Please refund my order A7.";
  say("customer", text);
  const result = await runner.run(triage, text, { session });
  for (const { agent, name: toolName } of result.interruptions)
    say("waiting", `${agent.name} wants to use "${toolName}"`);
  await writeFile(waiting, result.state.toString());
}

/** Later, in another process: a person approves, and the run goes on where it stopped. */
async function approve(): Promise<void> {
  const { triage, session } = open("monday");
  // #region resume
  const state = await RunState.fromString<undefined, Agent>(
    triage,
    await readFile(waiting, "utf8"),
  );
  for (const interruption of state.getInterruptions()) state.approve(interruption);
  const result = await runner.run(triage, state, { session });
  // #endregion
  say("desk", result.finalOutput ?? "");
}

/** Friday: another conversation, whose transcript is empty; what the desk knows comes from memory. */
async function comeBack(): Promise<void> {
  const { triage, session } = open("friday");
  const text = "Hello, do you know where I live, and what became of order A7?";
  say("customer", text);
  say("transcript", `${(await session.getItems()).length} items`);
  const result = await runner.run(triage, text, { session });
  say("desk", result.finalOutput ?? "");
}

await { ask, approve, return: comeBack }[name]();
await spectron.close();
