import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-quickstart-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(args: string[], input = ""): Promise<{ code: number | null; text: string }> {
  const { OPENAI_API_KEY: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ["--conditions=@spectron/source", "--no-warnings", main, "--data", folder, ...args],
    { env },
  );
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, text: stripVTControlCharacters(text) };
}

test("the story runs to its end over three frameworks and a killed process", async () => {
  const { code, text } = await run([]);
  expect(code).toBe(0);
  expect(text).toMatch(/was ended with kill -9/);
  expect(text).toMatch(/AI SDK +You are Alice\./);
  expect(text).toMatch(/OpenAI Agents +You work at Nimbus\./);
  expect(text).toMatch(/turns stored: +1/);
  expect(text).toMatch(/Where do I live now\?\n +AI SDK +You live in Porto\./);
  expect(text).toMatch(/"I moved to Porto" \(user, turn:turn_\w+\)/);
  expect(text).toMatch(/corrected: home_city was Braga, is Porto/);
  expect(text).toMatch(/unsure: person\/user employer, .*"Nimbus" or "Acme"/);
  expect(text).toMatch(
    /newest first:\n +home_city: Porto\n.*"I moved to Porto".*\n +home_city: Braga, until .*\n.*"I live in Braga"/,
  );
});

test("a conversation file is remembered and asked about; a bad line is named", async () => {
  const file = join(folder, "chat.jsonl");
  await writeFile(
    file,
    [
      '{"role":"user","content":"The boiler was repaired by Mr Lund.","ts":"2026-03-01T10:00:00Z"}',
      '{"role":"assistant","content":"Good to hear."}',
    ].join("\n"),
  );
  const { code, text } = await run(["--file", file], "Who repaired the boiler?\n\n");
  expect(code).toBe(0);
  expect(text).toContain("[1 March 2026] user: The boiler was repaired by Mr Lund.");
  await writeFile(file, '{"role":"user"}\n');
  const bad = await run(["--file", file]);
  expect(bad).toMatchObject({
    code: 1,
    text: expect.stringContaining('line 1: needs "role" and "content"'),
  });
});
