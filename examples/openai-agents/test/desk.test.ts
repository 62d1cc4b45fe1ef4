import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-desk-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("the desk is interrupted, resumed in a new process, and knows the customer in the next conversation", async () => {
  const { OPENAI_API_KEY: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ["--conditions=@spectron/source", "--no-warnings", main, "--data", folder],
    { env },
  );
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  expect(text.split("\n").map((line) => line.replace(/ +/g, " "))).toEqual([
    "customer My name is Ada and I live in Braga. Please refund my order A7.",
    'waiting Refunds wants to use "refund"',
    "refund A7",
    "desk Your order A7 is refunded.",
    "customer Hello, do you know where I live, and what became of order A7?",
    "transcript 0 items",
    "desk Hello Ada. I see you live in Braga. Order A7 was refunded.",
    "",
  ]);
  expect(code).toBe(0);
}, 120_000);
