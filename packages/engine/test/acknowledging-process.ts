// Run as a child process: four writers store so many batches and write each acknowledgement to standard output.
import { writeSync } from "node:fs";
import { createEngine, openSqliteStore } from "@spectron/engine";

const [path = "", count = "0"] = process.argv.slice(2);
const engine = createEngine({ store: await openSqliteStore({ path }) });
const caller = {
  context: "dev",
  principal: "p",
  read: ["/*"],
  write: ["/*"],
  forget: [],
  manage: [],
};
await engine.bootstrap({
  context: "dev",
  principal: "p",
  name: "k",
  hash: "none",
  displayName: "p",
  principalKind: "service",
  grants: {},
  keyGrants: null,
  expiresAt: null,
});
let next = 0;
await Promise.all(
  [0, 1, 2, 3].map(async (writer) => {
    while (next < Number(count)) {
      const mark = `mark-${writer}-${(next += 1)}-end`;
      await engine.remember({
        caller,
        scopes: [[`u/${writer}`]],
        messages: [{ role: "user", content: mark }],
        infer: "none",
        triples: [],
        diff: "none",
        labels: [],
        answer: { kind: "batch" },
      });
      writeSync(1, `ack ${mark}\n`);
    }
  }),
);
await engine.close();
