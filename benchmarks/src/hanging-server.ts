import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSpectron } from "@spectron/core";
import { createAdapterMemory } from "@spectron/core/adapter";

/** What a service that never answers costs a chat: one bounded wait, then the breaker. */
const CALLS = 1000;
const server = createServer(() => undefined);
await new Promise<void>((resolve) => {
  server.listen(0, "127.0.0.1", resolve);
});
const spectron = createSpectron({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  context: "dev",
});
const memory = createAdapterMemory({ spectron, adapter: "kit" });
const waits: number[] = [];
for (let call = 0; call <= CALLS; call += 1) {
  const began = performance.now();
  const turn = memory.turn(
    { scope: "org/acme/user/alice", session: `s${call}` },
    {
      inputs: [{ role: "user", text: `question ${call}`, anchor: `m${call}` }],
      query: `question ${call}`,
    },
  );
  await turn.block;
  waits.push(performance.now() - began);
}
const [first = 0, ...later] = waits;
const sorted = later.toSorted((a, b) => a - b);
const at = (share: number): string =>
  (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(3);
process.stdout.write(
  [
    "| a service that hangs | ms added |",
    "| --- | --- |",
    `| first call | ${first.toFixed(0)} |`,
    `| next ${CALLS} calls, median | ${at(0.5)} |`,
    `| 95th percentile | ${at(0.95)} |`,
    `| 99th percentile | ${at(0.99)} |`,
    "",
  ].join("\n"),
);
server.closeAllConnections();
server.close();
process.exitCode = 0;
