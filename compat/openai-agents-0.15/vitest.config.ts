import { fileURLToPath } from "node:url";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

/** The adapter's own tests, on this version of the SDK, which has no models for tests of its own yet. */
export default defineConfig({
  ssr: { resolve: { conditions: ["@spectron/source", ...defaultServerConditions] } },
  resolve: {
    alias: [
      {
        find: /^@openai\/agents$/,
        replacement: fileURLToPath(import.meta.resolve("@openai/agents")),
      },
      {
        find: /^@openai\/agents\/testing$/,
        replacement: fileURLToPath(new URL("src/scripted-model.ts", import.meta.url)),
      },
    ],
  },
  test: {
    name: "compat/openai-agents-0.15",
    root: fileURLToPath(new URL("../../packages/openai-agents", import.meta.url)),
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    provide: { sdk: "0.15" },
  },
});
