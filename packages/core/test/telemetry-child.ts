import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { createSpectron } from "@spectron/core";
import { createAdapterMemory, idAnchor } from "@spectron/core/adapter";
import type { Receipt } from "@spectron/core/adapter";
import { createToolDefinitions } from "@spectron/core/tools";
import { embedded } from "@spectron/testing/service";

/** One turn and one tool call under a real tracer, and one recall that fails; prints spans and receipts. */
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = provider.getTracer("test");
const binding = { scope: "u/a", session: "t" };
const receipts: Receipt[] = [];
const onReceipt = (receipt: Receipt): void => {
  receipts.push(receipt);
};
const spectron = createSpectron(await embedded({ path: process.argv[2] ?? "", context: "dev" }));
const memory = createAdapterMemory({
  spectron,
  adapter: "kit",
  recall: { timeoutMs: 20_000 },
  tracer,
  onReceipt,
});
await memory.write(binding, [{ role: "user", text: "I live in Braga.", anchor: idAnchor("m1") }]);
const turn = memory.turn(binding, {
  inputs: [{ role: "user", text: "Where do I live?", anchor: idAnchor("m2") }],
  query: "Where do I live?",
});
await turn.block;
await turn.finish([{ role: "assistant", text: "In Braga.", anchor: idAnchor("m3") }]);
await spectron.flush();
const [tool] = createToolDefinitions(spectron, () => binding, { adapter: "kit", tracer });
await tool?.execute({ query: "Braga" }, undefined);
await spectron.close();

const failing = createAdapterMemory({
  spectron: createSpectron({
    url: "http://127.0.0.1:9",
    context: "dev",
    retries: 0,
    fetch: async () => {
      throw new TypeError("words of a transport");
    },
  }),
  adapter: "kit",
  store: "never",
  tracer,
  onReceipt,
});
const failed = failing.turn(binding, { inputs: [], query: "q" });
await failed.block;
failed.abort();
await new Promise((resolve) => {
  setImmediate(resolve);
});
const spans = exporter
  .getFinishedSpans()
  .map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
process.stdout.write(JSON.stringify({ spans, receipts }));
