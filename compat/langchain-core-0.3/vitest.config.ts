import { fileURLToPath } from "node:url";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

const here = fileURLToPath(import.meta.url);

/** The tests of what does not need the newer agents, with this folder's copies of the framework. */
export default defineConfig({
  ssr: { resolve: { conditions: ["@spectron/source", ...defaultServerConditions] } },
  plugins: [
    {
      name: "own-framework",
      enforce: "pre",
      async resolveId(source, importer) {
        // classic chains were part of the main package then
        const own = source.replace("@langchain/classic/", "langchain/");
        if (importer === here || !/^(?:langchain|@langchain\/core)(?:\/|$)/.test(own)) return null;
        return this.resolve(own, here, { skipSelf: true });
      },
    },
  ],
  test: {
    name: "compat/langchain-core-0.3",
    root: fileURLToPath(new URL("../../packages/langchain", import.meta.url)),
    include: ["src/messages.test.ts", "test/{history,memory,retriever}.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
