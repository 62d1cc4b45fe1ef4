import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const BIN = fileURLToPath(new URL("../src/bin.ts", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-old-node-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs Node as one that is too old to have SQLite. */
async function run(...args: string[]): Promise<{ code: unknown; text: string }> {
  const flags = ["--no-experimental-sqlite", "--conditions=@spectron/source", "--no-warnings"];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...flags, ...args],
      { cwd: import.meta.dirname },
      (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, text: stdout + stderr });
      },
    );
  });
}

test.each([["serve"], ["backup", "copy.db"]])(
  "on a Node without SQLite, spectron %s says in one line which Node it needs",
  async (...words) => {
    const { code, text } = await run(BIN, ...words, "--data", folder);
    expect([code, text]).toEqual([
      1,
      `spectron ${words[0]}: Memory in a file needs Node 22.16 or newer with node:sqlite; this is Node ${process.versions.node}.\n`,
    ]);
  },
);

test("on a Node without SQLite, embedded is refused with a code, and the package still loads", async () => {
  const program = `import { embedded } from "@spectron/server";
    await embedded({ path: ${JSON.stringify(folder)} }).catch(({ code }) => console.log(code));`;
  const { code, text } = await run("--input-type=module", "--eval", program);
  expect([code, text]).toEqual([0, "node_too_old\n"]);
});
