import { createSpectron } from "@spectron/core";
import { createAdapterMemory } from "@spectron/core/adapter";
import { fileOutbox } from "@spectron/core/outbox-file";

/** Writes numbered lines through an outbox with a spill, telling its parent what is safe on disk; meant to be killed. */
const [url = "", apiKey = "", directory = "", session = "", from = "0", to = "0"] =
  process.argv.slice(2);
const spectron = createSpectron({ url, apiKey, context: "dev", retries: 0 });
const spill = fileOutbox({ directory });
const memory = createAdapterMemory({
  spectron,
  adapter: "kit",
  recall: false,
  outbox: {
    spill: {
      ...spill,
      put(record, service) {
        void spill.put(record, service);
        const text = record.messages?.[0]?.text;
        if (text !== undefined) process.stdout.write(`safe ${text}\n`);
      },
    },
  },
});
for (let index = Number(from); index < Number(to); index += 1) {
  memory.turn(
    { scope: "org/acme/user/alice", session },
    { inputs: [{ role: "user", text: `line ${index}`, anchor: `m${index}` }] },
  );
  await new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}
while ((await spectron.flush()).undelivered > 0);
process.stdout.write("done\n");
spill.close();
