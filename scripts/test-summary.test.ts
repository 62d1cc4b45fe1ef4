import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function runFixture(files: Record<string, string>) {
  const folder = mkdtempSync(join(root, "node_modules", ".summary-"));
  folders.push(folder);
  const config = { "vitest.config.mjs": "export default { test: { dir: import.meta.dirname } };" };
  for (const [name, text] of Object.entries({ ...config, ...files }))
    writeFileSync(join(folder, name), text);
  const result = spawnSync(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      `--root=${folder}`,
      "--reporter=default",
      `--reporter=${join(root, "scripts/test-summary.ts")}`,
    ],
    { encoding: "utf8", cwd: folder },
  );
  return { status: result.status, lastLine: result.stdout.trimEnd().split("\n").at(-1) };
}

const header = `import { beforeAll, describe, expect, test } from "vitest";\n`;

test("ends with the counts of passed and skipped tests", () => {
  const result = runFixture({
    "a.test.ts": `${header}test("a", () => expect(1).toBe(1)); test.skip("b", () => {}); test.todo("c");`,
  });
  expect(result).toEqual({ status: 0, lastLine: "1 passed, 0 failed, 2 skipped" });
});

test("counts a failing test, a failing hook and a file that does not load", () => {
  const result = runFixture({
    "a.test.ts": `${header}test("a", () => expect(1).toBe(2)); test("b", () => expect(1).toBe(1));`,
    "b.test.ts": `${header}describe("s", () => { beforeAll(() => { throw new Error("hook"); }); test("c", () => expect(1).toBe(1)); });`,
    "c.test.ts": `import "./missing.ts";`,
  });
  expect(result).toEqual({ status: 1, lastLine: "1 passed, 3 failed, 1 skipped" });
});

test("does not report success when no test was found", () => {
  expect(runFixture({})).toEqual({ status: 1, lastLine: "0 passed, 1 failed, 0 skipped" });
});
