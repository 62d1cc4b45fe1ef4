import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

test("the adapter adds at most 6 kB, minified and compressed, on top of core, and imports nothing else", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL("../../src/index.ts", import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    external: ["@spectron/core", "@spectron/core/adapter", "@spectron/core/tools"],
    metafile: true,
    write: false,
  });
  const [file] = outputFiles;
  expect(gzipSync(file?.contents ?? new Uint8Array()).length).toBeLessThanOrEqual(6 * 1024);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  expect(new Set(imports.map(({ path }) => path))).toEqual(
    new Set(["@spectron/core", "@spectron/core/adapter", "@spectron/core/tools"]),
  );
});
