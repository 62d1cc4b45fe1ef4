import { expect, test } from "vitest";
import { checkSnippets } from "./check-snippets.ts";

const source = [
  "import x from 'x';",
  "  // #region first",
  "  call({",
  "    deep: true,",
  "",
  "  });",
  "  // #endregion",
  "// #region open",
].join("\n");

const readSource = (path: string) => (path === "examples/main.ts" ? source : undefined);
const check = (markdown: string) => checkSnippets(markdown, readSource);
const comment = "<!-- snippet: examples/main.ts#first -->";
const good = `Text\n\n${comment}\n\n\`\`\`ts\ncall({\n  deep: true,\n\n});\n\`\`\`\n\nMore\n`;

test("accepts a snippet that equals its region without the region's indentation", () => {
  expect(check(good)).toEqual({ text: good, problems: [] });
});

test("reports a snippet that differs and returns the text with the region in its place", () => {
  const result = check(good.replace("deep: true", "deep: false"));
  expect(result.problems).toEqual(["line 5: the snippet differs from examples/main.ts#first."]);
  expect(result.text).toBe(good);
});

test("refuses a ts fence that names no source", () => {
  const markdown = "```ts\nx\n```\n";
  expect(check(markdown)).toEqual({
    text: markdown,
    problems: ["line 1: put <!-- snippet: path#region --> in front of this ts fence."],
  });
});

test("refuses a comment that belongs to an earlier fence", () => {
  expect(check(`${good}\n\`\`\`ts\nx\n\`\`\``).problems).toHaveLength(1);
});

test.each([
  ["a missing file", "examples/none.ts#first", "the file examples/none.ts does not exist."],
  ["a missing region", "examples/main.ts#none", "examples/main.ts#none is not a closed region."],
  ["an open region", "examples/main.ts#open", "examples/main.ts#open is not a closed region."],
])("reports %s", (_, name, problem) => {
  expect(check(`<!-- snippet: ${name} -->\n\`\`\`ts\n\`\`\``).problems).toEqual([
    `line 2: ${problem}`,
  ]);
});

test("leaves other languages and fences shown inside fences alone", () => {
  const markdown = "```sh\nnpm test\n```\n\n````md\n```ts\nx\n```\n````\n";
  expect(check(markdown)).toEqual({ text: markdown, problems: [] });
});
