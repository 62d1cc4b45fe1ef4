import { createRequire } from "node:module";
import { createAdapterMemory, createToolDefinitions, idAnchor } from "@spectron/core/adapter";
import type { Receipt } from "@spectron/core/adapter";
import { createSpectron } from "@spectron/core";
import { startTestService } from "@spectron/testing";
import { expect, test } from "vitest";

// the ES build of the tracing packages lacks file endings, which Node refuses
const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = createRequire(
  import.meta.url,
)("@opentelemetry/sdk-trace-base") as typeof import("@opentelemetry/sdk-trace-base");

test("spans and receipts tell what memory did, and hold nothing that was said", async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer("test");
  const service = await startTestService();
  const binding = { scope: "u/a", session: "t" };
  const receipts: Receipt[] = [];
  const memory = createAdapterMemory({
    spectron: service.spectron,
    adapter: "kit",
    recall: { timeoutMs: 20_000 },
    tracer,
    onReceipt: (receipt) => receipts.push(receipt),
  });
  await memory.write(binding, [{ role: "user", text: "I live in Braga.", anchor: idAnchor("m1") }]);
  const turn = memory.turn(binding, {
    inputs: [{ role: "user", text: "Where do I live?", anchor: idAnchor("m2") }],
    query: "Where do I live?",
  });
  await turn.block;
  await turn.finish([{ role: "assistant", text: "In Braga.", anchor: idAnchor("m3") }]);
  await turn.delivered();
  await expect.poll(() => receipts.length).toBe(1);
  const [tool] = createToolDefinitions(service.spectron, () => binding, { adapter: "kit", tracer });
  await tool?.execute({ query: "Braga" }, undefined);
  const spans = exporter.getFinishedSpans();
  expect(spans.map(({ name }) => name).toSorted()).toEqual([
    "spectron.recall",
    "spectron.store",
    "spectron.store",
    "spectron.store",
    "spectron.tool.recall",
  ]);
  expect(
    JSON.stringify(spans.map(({ attributes, events, status }) => [attributes, events, status])),
  ).not.toContain("Braga");
  const [receipt] = receipts;
  expect(receipt?.recalled).toMatchObject({ asked: true, cached: false, failed: false });
  expect(receipt?.recalled.entries).toBeGreaterThan(0);
  expect(receipt?.recalled.hits?.[0]?.score).toBeGreaterThan(0);
  expect(receipt?.recalled.hits?.flatMap(({ turns }) => turns)).not.toEqual([]);
  expect(receipt?.stored).toMatchObject({ failed: 0, kept: 0, failures: [] });
  expect(receipt?.stored.keys).toHaveLength(2);
  expect(receipt?.stored.turnIds).toHaveLength(2);
  expect(JSON.stringify(receipt)).not.toContain("Braga");
  await service.stop();
});

test("a failure is a status with its code, in the span and in the receipt", async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const receipts: Receipt[] = [];
  const memory = createAdapterMemory({
    spectron: createSpectron({
      url: "http://127.0.0.1:9",
      context: "dev",
      retries: 0,
      fetch: async () => {
        throw new TypeError("secret text of a transport");
      },
    }),
    adapter: "kit",
    store: "never",
    tracer: provider.getTracer("test"),
    onReceipt: (receipt) => receipts.push(receipt),
  });
  const turn = memory.turn({ scope: "u/a", session: "t" }, { inputs: [], query: "q" });
  expect(await turn.block).toBe("");
  turn.abort();
  await expect.poll(() => receipts.length).toBe(1);
  expect(receipts[0]?.recalled).toMatchObject({ asked: true, failed: true, failure: "connection" });
  expect(exporter.getFinishedSpans().map(({ status }) => status)).toEqual([
    { code: 2, message: "connection" },
  ]);
});
