// Run as a child process: four writers store so many batches and write each acknowledgement to standard output.
import { writeSync } from "node:fs";
import { createEngine, openSqliteStore } from "@spectron/engine";
import { CALLER, KEY } from "./principal.ts";

const [path = "", count = "0"] = process.argv.slice(2);
const engine = createEngine({ store: await openSqliteStore({ path }) });
await engine.bootstrap(KEY);
let next = 0;
await Promise.all(
  [0, 1, 2, 3].map(async (writer) => {
    while (next < Number(count)) {
      const mark = `mark-${writer}-${(next += 1)}-end`;
      await engine.remember({
        caller: CALLER,
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
