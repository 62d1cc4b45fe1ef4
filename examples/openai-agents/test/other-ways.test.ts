import { Agent, MemorySession, Runner } from "@openai/agents";
import { ScriptedModel, assistantMessage } from "@openai/agents/testing";
import { createSpectron } from "@spectron/core";
import type { Spectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  besideYourSession,
  carefulAgent,
  providerConversation,
  runnerWithMemory,
} from "../src/other-ways.ts";

let folder: string;
let spectron: Spectron;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-ways-"));
  spectron = createSpectron(await embedded({ path: join(folder, "memory.db") }));
});
afterAll(async () => {
  await spectron.close();
  await rm(folder, { recursive: true, force: true });
});

const memoryOf = (name: string): { spectron: Spectron; scope: string; session: string } => ({
  spectron,
  scope: `org/acme/user/${name}`,
  session: name,
});
const agentWith = (model: ScriptedModel): Agent => new Agent({ name: "A", model }) as Agent;
const city = async (name: string): Promise<string[]> => {
  await spectron.flush();
  const { static: known } = await spectron.profile({ lens: [[`org/acme/user/${name}`]] });
  return known.map(({ value }) => value);
};

test("a session of yours keeps the items, and memory hears what is said", async () => {
  const yours = new MemorySession();
  const model = new ScriptedModel([[assistantMessage("Nice.")], [assistantMessage("Braga.")]]);
  const session = besideYourSession(memoryOf("ada"), yours);
  const runner = runnerWithMemory(memoryOf("ada"));
  await runner.run(agentWith(model), "I live in Braga.", { session });
  await spectron.flush();
  await runner.run(agentWith(model), "Where do I live?");
  expect(await yours.getItems()).toHaveLength(2);
  expect(model.lastCall?.request.systemInstructions).toContain("home_city: Braga");
});

test("a careful agent has the memory tools and leaves out what is off the record", async () => {
  const memory = memoryOf("bob");
  const agent = carefulAgent(memory, agentWith(new ScriptedModel([[assistantMessage("Fine.")]])));
  expect(agent.tools.map(({ name }) => name)).toEqual(["recall", "remember", "forget"]);
  const session = besideYourSession(memory, new MemorySession());
  await new Runner({ tracingDisabled: true }).run(agent, "Off the record: I live in Porto.", {
    session,
  });
  expect(await city("bob")).toEqual([]);
});

test("a conversation of the provider is remembered from its result", async () => {
  const agent = agentWith(new ScriptedModel([[assistantMessage("Nice.")]]));
  expect(await providerConversation(memoryOf("cy"), agent, "I live in Braga.")).toBe("Nice.");
  expect(await city("cy")).toEqual(["Braga"]);
});
