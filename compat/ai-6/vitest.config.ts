import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

const { resolve } = createRequire(import.meta.url);
const dist = (name: string): string => join(dirname(resolve(`${name}/package.json`)), "dist");

// files for bundlers, which older dependencies of the SDK name under "module", do not run in Node
const conditions = defaultServerConditions.filter((condition) => condition !== "module");

/** Runs the adapter's tests against this folder's version of the SDK. */
export default defineConfig({
  root: fileURLToPath(new URL("../../packages/ai-sdk", import.meta.url)),
  ssr: { resolve: { conditions: ["@spectron/source", ...conditions] } },
  resolve: {
    alias: [
      { find: /^ai$/, replacement: join(dist("ai"), "index.mjs") },
      { find: /^ai\/test$/, replacement: join(dist("ai"), "test/index.mjs") },
      {
        find: /^@ai-sdk\/openai-compatible$/,
        replacement: join(dist("@ai-sdk/openai-compatible"), "index.mjs"),
      },
    ],
  },
  test: {
    name: "compat/ai-6",
    include: ["test/*.test.ts"],
    // the extractor runs on models of two specifications, both of them in the current version
    exclude: ["test/extractor.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
