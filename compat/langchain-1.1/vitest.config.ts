import { fileURLToPath } from "node:url";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const here = fileURLToPath(import.meta.url);
/** The fake model of the newer core, which this version does not have, over this version's messages. */
const fakeModel = path("../../node_modules/@langchain/core/dist/testing/fake_model_builder.js");
const OWN = /^(?:langchain|@langchain\/(?:core|langgraph))(?:\/|$)/;

function ownName(source: string, importer: string | undefined): string | undefined {
  if (OWN.test(source)) return source;
  if (importer !== fakeModel) return undefined;
  if (source.startsWith("../messages/")) return "@langchain/core/messages";
  if (source.startsWith("../runnables/")) return "@langchain/core/runnables";
  return source.replace(/^\.\.\/(.*)\.js$/, "@langchain/core/$1");
}

/** The tests of the adapter, with this folder's copies of the framework. */
export default defineConfig({
  ssr: { resolve: { conditions: ["@spectron/source", ...defaultServerConditions] } },
  plugins: [
    {
      name: "own-framework",
      enforce: "pre",
      async resolveId(source, importer) {
        if (source === "@langchain/core/testing") return fakeModel;
        const own = importer === here ? undefined : ownName(source, importer);
        return own === undefined ? null : this.resolve(own, here, { skipSelf: true });
      },
    },
  ],
  test: {
    name: "compat/langchain-1.1",
    root: path("../../packages/langchain"),
    include: ["src/**/*.test.ts", "test/{memory-middleware*,tools,retriever}.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [/fake_model_builder/] } },
  },
});
