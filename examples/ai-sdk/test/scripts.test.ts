import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "ai-sdk-scripts-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function run(script: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=@spectron/source",
    fileURLToPath(new URL(`../src/${script}.ts`, import.meta.url)),
    join(folder, `${script}.db`),
  ]);
  return stdout.trim().split("\n");
}

test("the script remembers Alice in another chat, and tells Bob nothing of it", async () => {
  const [, alice, bob] = await run("script");
  expect(alice).toContain("Braga");
  expect(bob).not.toContain("Braga");
});

test("the agent remembers over two calls", async () => {
  expect((await run("agent")).at(-1)).toContain("Nimbus");
});
