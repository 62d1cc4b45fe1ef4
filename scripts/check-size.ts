import { gzipSync } from "node:zlib";
import { build } from "esbuild";

interface Budget {
  name: string;
  source: string;
  external: string[];
  maxBytes: number;
}

/** What an application pays for, minified and compressed; frameworks are its own. */
const budgets: Budget[] = [
  {
    name: "@spectron/core with the adapter kit, as every application ships it",
    source: `export * from "@spectron/core"; export * from "@spectron/core/adapter";`,
    external: [],
    maxBytes: 12_000,
  },
  {
    name: "the same with the tools for models",
    source: `export * from "@spectron/core"; export * from "@spectron/core/adapter"; export * from "@spectron/core/tools";`,
    external: [],
    maxBytes: 13_000,
  },
  {
    name: "@spectron/ai-sdk, on top of core",
    source: `export * from "@spectron/ai-sdk";`,
    external: ["ai", "@ai-sdk/*", "@spectron/core", "@spectron/core/*"],
    maxBytes: 6000,
  },
];

let isOver = false;
for (const { name, source, external, maxBytes } of budgets) {
  const result = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions: ["@spectron/source"],
    external,
  });
  const size = gzipSync(result.outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length;
  isOver ||= size > maxBytes;
  process.stdout.write(
    `${size > maxBytes ? "over" : "ok"}\t${size} of ${maxBytes} bytes\t${name}\n`,
  );
}
if (isOver) process.exitCode = 1;
