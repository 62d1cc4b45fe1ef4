import { expect, test } from "vitest";
import { lockFileProblems } from "./check-lock-file.ts";

test("accepts a complete lock file with workspace links", () => {
  const problems = lockFileProblems({
    packages: {
      "": { optionalDependencies: { "@tool/linux": "1.0.0" } },
      "node_modules/@tool/linux": {},
      "node_modules/local": { link: true, resolved: "packages/local" },
    },
  });
  expect(problems).toEqual([]);
});

test("names an optional dependency that is missing and who asks for it", () => {
  const problems = lockFileProblems({
    packages: { "node_modules/tool": { optionalDependencies: { "@tool/win32": "1.0.0" } } },
  });
  expect(problems).toEqual([
    "@tool/win32, an optional dependency of node_modules/tool, is missing.",
  ]);
});

test("finds an optional dependency that is nested in another package", () => {
  const problems = lockFileProblems({
    packages: {
      "node_modules/tool": { optionalDependencies: { "@tool/linux": "1.0.0" } },
      "node_modules/tool/node_modules/@tool/linux": {},
    },
  });
  expect(problems).toEqual([]);
});

test("refuses a download address", () => {
  const problems = lockFileProblems({
    packages: { "node_modules/tool": { resolved: "https://example.com/tool.tgz" } },
  });
  expect(problems).toEqual(['node_modules/tool has a "resolved" address.']);
});
