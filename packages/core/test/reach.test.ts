import { build } from "esbuild";
import { expect, test } from "vitest";

test.each([
  ["a browser", ["browser"]],
  ["a worker runtime", ["workerd", "worker"]],
  ["an edge runtime", ["edge-light"]],
])(
  "core and the kit are built for %s without a Node module or a validator",
  async (_, conditions) => {
    const result = await build({
      stdin: {
        contents: `export * from "@spectron/core"; export * from "@spectron/core/adapter"; export * from "@spectron/core/protocol";`,
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["@spectron/source", ...conditions],
      logLevel: "silent",
    });
    const inputs = Object.keys(result.metafile.inputs);
    expect(inputs.length).toBeGreaterThan(10);
    expect(
      inputs.filter((path) =>
        /outbox-file|node_modules\/(?!p-retry|is-network-error|eventsource-parser)/.test(path),
      ),
    ).toEqual([]);
    expect(result.outputFiles[0]?.text).not.toMatch(/from ?"node:|require\(|process\.env/);
  },
);

test("a Node module in the bundle would be an error", async () => {
  const bundling = build({
    stdin: {
      contents: `export * from "@spectron/core/outbox-file";`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    write: false,
    platform: "neutral",
    conditions: ["@spectron/source"],
    logLevel: "silent",
  });
  await expect(bundling).rejects.toThrow(/node:/);
});
