import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Bundles the programs that tests start hundreds of times: a bundle starts in a fraction of the source's time. */
export async function bundleProcesses(...names: string[]): Promise<{
  folder: string;
  env: Record<string, string>;
  file(name: string): string;
}> {
  const folder = await mkdtemp(join(tmpdir(), "spectron-processes-"));
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  const here = dirname(fileURLToPath(import.meta.url));
  await build({
    entryPoints: [
      join(here, "../src/stores/worker.ts"),
      ...names.map((name) => join(here, `${name}.ts`)),
    ],
    outdir: folder,
    entryNames: "[name]",
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@spectron/source"],
    external: ["pg-native"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  return {
    folder,
    env: { NODE_COMPILE_CACHE: join(folder, "cache"), NODE_NO_WARNINGS: "1" },
    file: (name) => join(folder, `${basename(name)}.js`),
  };
}
