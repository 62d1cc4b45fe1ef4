import { existsSync, readdirSync } from "node:fs";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

const below = (folder: string): string[] =>
  readdirSync(new URL(folder, import.meta.url)).map((name) => `${folder}/${name}`);
const workspaces = [...below("packages"), ...below("examples"), "benchmarks"];
/** Older framework versions run the adapters' tests through aliases of their own. */
const compat = below("compat").filter((path) =>
  existsSync(new URL(`${path}/vitest.config.ts`, import.meta.url)),
);

export default defineConfig({
  ssr: { resolve: { conditions: ["@spectron/source", ...defaultServerConditions] } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      ...workspaces
        .filter((path) => existsSync(new URL(`${path}/package.json`, import.meta.url)))
        .map((path) => ({
          extends: true as const,
          test: { name: path, root: path, include: ["src/**/*.test.ts", "test/**/*.test.ts"] },
        })),
      ...compat.map((path) => `${path}/vitest.config.ts`),
      {
        extends: true as const,
        test: { name: "repository", root: "scripts", include: ["*.test.ts"] },
      },
    ],
    coverage: { provider: "v8", include: ["packages/*/src/**"] },
  },
});
