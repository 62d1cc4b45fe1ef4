import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
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
}, 60_000);

test("a conversation file is remembered beside what the folder holds, and again without doubles", async () => {
  const chat = join(folder, "chat.jsonl");
  await writeFile(
    chat,
    [
      '{"role":"user","content":"The boiler was repaired by Mr Lund.","ts":"2026-03-01T10:00:00Z"}',
      '{"role":"assistant","content":"Good to hear."}',
    ].join("\n"),
  );
  const { code, text } = await run(["--file", chat], "Who repaired the boiler?\n\n");
  expect(code).toBe(0);
  expect(text).toContain("[1 March 2026] user: The boiler was repaired by Mr Lund.");
  const other = join(folder, "other.jsonl");
  await writeFile(other, '{"role":"user","content":"The roof was repaired by Ms Berg."}');
  await run(["--file", other]);
  await run(["--file", chat]);

  const spectron = createSpectron(await embedded({ path: join(folder, "memory.db") }));
  const { sessions } = await spectron.sessions.list();
  const files = sessions.filter(({ externalId }) => externalId?.startsWith("file-"));
  expect(new Set(files.map(({ turnCount }) => turnCount))).toEqual(new Set([1, 2]));
  await spectron.close();
}, 60_000);

test.each([
  ["not json", "line 2: not valid JSON"],
  ["null", 'line 2: must be an object with "role" and "content"'],
  ['{"role":"user"}', "line 2: content must be a text"],
  ['{"role":"human","content":"Hi."}', "line 2: role must be user, assistant, system or tool"],
  ['{"role":"user","content":"Hi.","ts":"yesterday"}', "line 2: ts must be a time such as 2026"],
])("a file with the line %s ends the program with what is wrong", async (line, message) => {
  const file = join(folder, "bad.jsonl");
  await writeFile(file, `{"role":"user","content":"Hello."}\n${line}\n`);
  expect(await run(["--file", file])).toMatchObject({
    code: 1,
    text: expect.stringContaining(message),
  });
});

test("nothing in a folder of one's own is deleted, whatever is asked", async () => {
  const memory = join(folder, "memory.db");
  await writeFile(memory, "precious");
  expect((await run(["--file", join(folder, "gone.jsonl")])).code).toBe(1);
  expect((await run([])).code).toBe(1);
  expect(await readFile(memory, "utf8")).toBe("precious");
}, 60_000);

test("help and unknown flags are answered in words", async () => {
  const help = await run(["--help"]);
  expect(help).toMatchObject({ code: 0, text: expect.stringContaining("npm start -- --file") });
  const wrong = await run(["--fiel", "x"]);
  expect(wrong).toMatchObject({ code: 1, text: expect.stringContaining("'--fiel'") });
  expect(wrong.text).not.toContain("    at ");
});
