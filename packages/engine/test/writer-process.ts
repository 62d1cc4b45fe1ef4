// Run as a child process: four writers store batches and tell each acknowledgement, until the process is killed.
import { createEngine, openSqliteStore } from "@spectron/engine";
import { CALLER } from "./principal.ts";

const [path = "", round = "0"] = process.argv.slice(2);
const engine = createEngine({ store: await openSqliteStore({ path }) });
await Promise.all(
  [0, 1, 2, 3].map(async (writer) => {
    for (let count = 1; ; count += 1) {
      const outcome = await engine.remember({
        caller: CALLER,
        idempotency: {
          ref: { context: "dev", principal: "p", key: `${round}.${writer}.${count}` },
          fingerprint: "f",
          retention: 1e9,
        },
        scopes: [[`u/${writer}`]],
        messages: [1, 2, 3, 4, 5].map((part) => ({
          role: "user" as const,
          content: `I live in Town${writer}, batch ${count}, part ${part}`,
        })),
        infer: writer === 0 ? "full" : "none",
        triples: [],
        diff: "none",
        labels: [],
        answer: { kind: "batch" },
      });
      const body = (typeof outcome.body === "string" ? JSON.parse(outcome.body) : outcome.body) as {
        sessionId: string;
      };
      process.send?.(body.sessionId);
    }
  }),
);
