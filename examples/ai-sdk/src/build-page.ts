import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Builds the page and gives the folder it is in. */
export async function buildPage(): Promise<string> {
  const root = fileURLToPath(new URL("../page", import.meta.url));
  const outDir = fileURLToPath(new URL("../dist", import.meta.url));
  await build({ root, configFile: false, logLevel: "error", build: { outDir, emptyOutDir: true } });
  return outDir;
}
