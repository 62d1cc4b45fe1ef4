import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createSpectron } from "@spectron/core";
import type { Spectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAssistant } from "../src/agent.ts";
import { createClassicChain, createHistoryChain } from "../src/chain.ts";
import { openModel } from "../src/model.ts";
import type { OpenModel } from "../src/model.ts";
import { createChatServer } from "../src/server.ts";

/** Two of the tests start a process of their own. */
const PATIENT = { timeout: 180_000 };
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const environment = { ...process.env, OPENAI_API_KEY: undefined };
const flags = ["--conditions=@spectron/source", "--no-warnings", main];

let folder: string;
let spectron: Spectron;
let open: OpenModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-langchain-"));
  spectron = createSpectron(await embedded({ path: join(folder, "memory.db") }));
  open = await openModel();
});
afterAll(async () => {
  await spectron.close();
  await open.close();
  await rm(folder, { recursive: true, force: true });
});

test("the agent calls its tool, and knows in a later thread what it was told in an earlier one", async () => {
  const ask = createAssistant(spectron, open.model, "org/acme/user/agent");
  expect(await ask('Use the tool weather with {"city":"Porto"}', "t1")).toContain("sunny in Porto");
  await ask("I live in Braga.", "t1");
  await spectron.flush();
  expect(await ask("Where do I live?", "t2")).toMatch(/You live in Braga/);
});

test("the classic chain and the chain with a history know what was said", async () => {
  const classic = createClassicChain(spectron, open.model);
  await classic("I live in Braga.", "c1");
  await spectron.flush();
  expect(await classic("Where do I live?", "c2")).toMatch(/You live in Braga/);
  const history = createHistoryChain(spectron, open.model);
  await history("My name is Alice.", "h1");
  expect(await history("What is my name?", "h1")).toMatch(/Alice/);
});

test("the server keeps its users apart and refuses a request without one", async () => {
  const app = createChatServer(spectron, open.model);
  const chat = async (user: string | undefined, text: string, thread: string): Promise<string> => {
    const response = await app.request("/chat", {
      method: "POST",
      headers: user === undefined ? {} : { "x-user": user },
      body: JSON.stringify({ text, thread }),
    });
    return response.ok ? ((await response.json()) as { answer: string }).answer : "refused";
  };
  await chat("bob/../alice", "I live in Porto.", "s1");
  await spectron.flush();
  expect(await chat("bob/../alice", "Where do I live?", "s2")).toMatch(/You live in Porto/);
  expect(await chat("carol", "Where do I live?", "s1")).not.toMatch(/Porto/);
  expect(await chat(undefined, "hi", "s1")).toBe("refused");
});

test("npm start runs the programs to their end", PATIENT, async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, "run", join(folder, "run.db")],
    { env: environment },
  );
  expect(stdout).toMatch(/agent: You live in Braga/);
  expect(stdout).toMatch(/classic chain: You live in Braga/);
  expect(stdout.split("\n\n")).toHaveLength(7);
});

test("the server runs on a free port and ends on a signal", PATIENT, async () => {
  const child = spawn(process.execPath, [...flags, "serve", join(folder, "serve.db")], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const url = line.replace("listening on ", "");
  const response = await fetch(`${url}/chat`, {
    method: "POST",
    headers: { "x-user": "alice" },
    body: JSON.stringify({ text: "I live in Braga.", thread: "t" }),
  });
  expect(response.status).toBe(200);
  child.kill("SIGTERM");
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code).toBe(0);
});
