import { createSpectron } from "@spectron/core";
import { createAdapterMemory, idAnchor } from "@spectron/core/adapter";
import type { AdapterMemoryOptions } from "@spectron/core/adapter";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const warn = vi.spyOn(console, "warn");
beforeEach(() => {
  warn.mockImplementation(() => undefined);
});
afterEach(() => {
  warn.mockReset();
});

const KEY = "sp-k1-s3cret";

async function chat(status: number, more: Partial<AdapterMemoryOptions> = {}): Promise<void> {
  const spectron = createSpectron({
    url: "http://memory.test:9090",
    apiKey: KEY,
    context: "dev",
    fetch: async (input, init) =>
      new Request(input, init).url.endsWith("/health")
        ? Response.json({ capabilities: ["external-session-id"] })
        : Response.json({ code: "no" }, { status }),
  });
  const memory = createAdapterMemory({ spectron, adapter: "kit", ...more });
  for (const text of ["my secret", "another secret"]) {
    const binding = { scope: "u/a", session: text };
    const inputs = [{ role: "user" as const, text, anchor: idAnchor(text) }];
    await memory.turn(binding, { inputs, query: text }).block;
  }
  for (const scope of ["u//a", "u/undefined"])
    await memory.turn({ scope, session: "s" }, { inputs: [], query: "q" }).block;
  await spectron.flush();
}

test("without onError the console is told once for each operation and code, without content and key", async () => {
  await chat(401);
  const lines = warn.mock.calls.map((call) => call.join(" "));
  expect(lines).toHaveLength(3);
  expect(new Set(lines.map((line) => /^Spectron: (.*?):/.exec(line)?.[1]))).toEqual(
    new Set([
      "bind failed (configuration)",
      "recall failed (unauthorized)",
      "store failed (unauthorized)",
    ]),
  );
  for (const line of lines) expect(line).not.toMatch(/secret|s3cret|\n/);
  const store = lines.find((line) => line.includes("store")) ?? "";
  expect(store).toContain('apiKey is a key of context "dev" at http://memory.test:9090/');
  expect(store).toContain("It is kept and tried again.");
  const recall = lines.find((line) => line.includes("recall")) ?? "";
  expect(recall).toContain("This goes on without memory.");
});

test("with onError the console stays silent and every failure is heard, also each wrong scope", async () => {
  const heard: string[] = [];
  await chat(403, {
    onError: ({ code }, { operation }) => {
      heard.push(`${operation} ${code}`);
      throw new Error("a listener that fails");
    },
  });
  expect(warn).not.toHaveBeenCalled();
  expect(heard.toSorted()).toEqual([
    "bind configuration",
    "bind configuration",
    "recall forbidden",
    "recall forbidden",
    "store forbidden",
    "store forbidden",
  ]);
});
