import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function restrictedImports(cases: readonly (readonly [file: string, module: string])[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "boundaries-"));
  folders.push(folder);
  copyFileSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  cases.forEach(([file, module], index) => {
    const path = join(folder, file.replace("*", `case-${index}`));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `import { a } from "${module}";\nexport const b = a;\n`);
  });
  const result = spawnSync(
    process.execPath,
    [join(root, "node_modules/oxlint/bin/oxlint"), "-c", ".oxlintrc.json", "-f", "json", "."],
    { encoding: "utf8", cwd: folder },
  );
  const { diagnostics } = JSON.parse(result.stdout) as {
    diagnostics: { code: string; filename: string }[];
  };
  const refused = new Set(
    diagnostics
      .filter(({ code }) => code.includes("no-restricted-imports"))
      .map(({ filename }) => filename),
  );
  return cases
    .filter(([file], index) => refused.has(file.replace("*", `case-${index}`)))
    .map(([file, module]) => `${file} -> ${module}`);
}

const forbidden = [
  ["packages/core/src/protocol/*.ts", "../client/send.ts"],
  ["packages/core/src/client/*.ts", "../adapter/recorder.ts"],
  ["packages/core/src/client/*.ts", "ai"],
  ["packages/core/src/adapter/*.ts", "node:fs"],
  ["packages/core/src/adapter/*.ts", "@spectron/engine"],
  ["packages/engine/src/recall/*.ts", "node:sqlite"],
  ["packages/engine/src/recall/*.ts", "@spectron/core"],
  ["packages/engine/src/stores/sqlite/*.ts", "@spectron/server"],
  ["packages/server/src/routes/*.ts", "@spectron/core"],
  ["packages/server/src/routes/*.ts", "pg"],
  ["packages/server/src/*.ts", "@spectron/testing"],
  ["packages/cli/src/*.ts", "@spectron/engine"],
  ["packages/cli/src/*.ts", "../../server/src/app.ts"],
  ["packages/langchain/src/*.ts", "@spectron/ai-sdk"],
  ["packages/langchain/src/*.ts", "ai"],
  ["packages/langchain/src/*.test.ts", "@spectron/ai-sdk"],
  ["packages/ai-sdk/src/*.ts", "@spectron/core/protocol"],
  ["packages/openai-agents/src/*.ts", "node:crypto"],
  ["examples/quickstart/src/*.ts", "@spectron/testing"],
] as const;

const allowed = [
  ["packages/core/src/adapter/*.ts", "../client/send.ts"],
  ["packages/core/src/client/*.ts", "../protocol/index.ts"],
  ["packages/core/src/client/*.test.ts", "node:http"],
  ["packages/engine/src/stores/sqlite/*.ts", "node:sqlite"],
  ["packages/engine/src/stores/postgres/*.ts", "pg"],
  ["packages/engine/src/recall/*.ts", "@spectron/core/protocol"],
  ["packages/server/src/*.ts", "@spectron/engine"],
  ["packages/cli/src/*.ts", "@spectron/server"],
  ["packages/langchain/src/*.ts", "@langchain/core/messages"],
  ["packages/ai-sdk/src/*.ts", "ai"],
  ["packages/ai-sdk/test/*.ts", "@spectron/testing"],
  ["packages/openai-agents/src/*.ts", "@spectron/core/adapter"],
  ["benchmarks/src/*.ts", "@spectron/testing"],
] as const;

test("lint refuses every import against the arrows", () => {
  expect(restrictedImports(forbidden)).toEqual(
    forbidden.map(([file, module]) => `${file} -> ${module}`),
  );
});

test("lint accepts the imports along the arrows", () => {
  expect(restrictedImports(allowed)).toEqual([]);
});
