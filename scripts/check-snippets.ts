import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Reads a source file by its path from the repository root; `undefined` when there is none. */
export type ReadSource = (path: string) => string | undefined;

/** The text with every snippet taken from its source, and what was wrong before. */
export interface SnippetResult {
  text: string;
  problems: string[];
}

const FENCE = /^( *)(`{3,}|~{3,})\s*(\w*)/u;
const SOURCE = /^\s*<!-- snippet: (\S+)#(\S+) -->\s*$/u;

/** Compares each `ts` fence of a Markdown text with the region its comment names. */
export function checkSnippets(markdown: string, readSource: ReadSource): SnippetResult {
  const lines = markdown.split("\n");
  const output: string[] = [];
  const problems: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    output.push(line);
    const fence = FENCE.exec(line);
    if (fence === null) continue;
    const [, indent = "", marker = "", language = ""] = fence;
    const end = closingFence(lines, index + 1, marker);
    const body = lines.slice(index + 1, end);
    let replacement = body;
    if (["ts", "tsx", "typescript"].includes(language)) {
      const region = findRegion(output.slice(0, -1), readSource);
      const wanted = region.lines?.map((text) => (text === "" ? "" : indent + text));
      if (wanted === undefined) problems.push(`line ${index + 1}: ${region.problem}`);
      else if (wanted.join("\n") !== body.join("\n")) {
        problems.push(`line ${index + 1}: the snippet differs from ${region.name}.`);
        replacement = wanted;
      }
    }
    output.push(...replacement);
    if (end < lines.length) output.push(lines[end] ?? "");
    index = end;
  }
  return { text: output.join("\n"), problems };
}

function closingFence(lines: readonly string[], from: number, marker: string): number {
  const end = lines.findIndex((line, index) => {
    const text = line.trim();
    return index >= from && text.startsWith(marker) && /^(`+|~+)$/u.test(text);
  });
  return end === -1 ? lines.length : end;
}

interface Region {
  name?: string;
  lines?: string[];
  problem?: string;
}

function findRegion(before: readonly string[], readSource: ReadSource): Region {
  const comment = SOURCE.exec(before.findLast((line) => line.trim() !== "") ?? "");
  if (comment === null)
    return { problem: "put <!-- snippet: path#region --> in front of this ts fence." };
  const [, path = "", region = ""] = comment;
  const source = readSource(path);
  if (source === undefined) return { problem: `the file ${path} does not exist.` };
  const lines = regionLines(source, region);
  const name = `${path}#${region}`;
  return lines === undefined ? { problem: `${name} is not a closed region.` } : { name, lines };
}

function regionLines(source: string, name: string): string[] | undefined {
  const lines = source.split("\n");
  const start = lines.findIndex((line) => line.trim() === `// #region ${name}`);
  const length = lines
    .slice(start + 1)
    .findIndex((line) => line.trim().startsWith("// #endregion"));
  if (start === -1 || length === -1) return undefined;
  const body = lines.slice(start + 1, start + 1 + length);
  const indents = body.filter((line) => line.trim() !== "").map((line) => line.search(/\S/u));
  const indent = indents.length === 0 ? 0 : Math.min(...indents);
  return body.map((line) => line.slice(indent));
}

if (process.argv[1] === import.meta.filename) {
  const root = join(import.meta.dirname, "..");
  const readSource: ReadSource = (path) =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined;
  for (const file of globSync(["README.md", "docs/*.md", "packages/*/README.md"], { cwd: root })) {
    const before = readFileSync(join(root, file), "utf8");
    let result = checkSnippets(before, readSource);
    if (process.argv.includes("--write")) {
      writeFileSync(join(root, file), result.text);
      result = checkSnippets(result.text, readSource);
    }
    for (const problem of result.problems) console.error(`${file}, ${problem}`);
    if (result.problems.length > 0) process.exitCode = 1;
  }
  if (process.exitCode === 1) console.error("npm run check:snippets -- --write copies regions.");
}
