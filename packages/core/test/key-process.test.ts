import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { idempotencyKey } from "../src/identity/key.ts";
import type { KeyMaterial } from "../src/identity/key.ts";
import { runs } from "./runs.ts";

test("another process, in another time zone and language, derives the same keys", async () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  const samples = fc.sample(
    fc.record<KeyMaterial>({
      adapter: fc.constantFrom("langchain", "ai-sdk", "openai-agents"),
      context: fc.constant("dev"),
      scopes: fc.array(fc.array(text, { maxLength: 2 }), { maxLength: 2 }),
      thread: text,
      kind: fc.constantFrom("batch", "fact", "session", "op"),
      units: fc.array(text, { maxLength: 3 }),
    }),
    { numRuns: runs(300), seed: 54 },
  );
  const script = fileURLToPath(new URL("key-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, TZ: "Pacific/Chatham", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(samples.map((sample) => `${JSON.stringify(sample)}\n`).join(""));
  let output = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) output += chunk;
  expect(output.trimEnd().split("\n")).toEqual(
    await Promise.all(samples.map(async (sample) => idempotencyKey(sample))),
  );
});
