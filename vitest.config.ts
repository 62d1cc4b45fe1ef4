import { existsSync, readdirSync } from "node:fs";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

const workspaces = ["packages", "examples"].flatMap((folder) =>
  readdirSync(new URL(folder, import.meta.url)).map((name) => `${folder}/${name}`),
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
      {
        extends: true as const,
        test: { name: "repository", root: "scripts", include: ["*.test.ts"] },
      },
    ],
    coverage: { provider: "v8", include: ["packages/*/src/**"] },
  },
});
