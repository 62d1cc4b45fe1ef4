// Run as a child process: stores turns one by one and tells each acknowledgement, until it is killed.
import { createEngine, openSqliteStore } from "@spectron/engine";

const [path = ""] = process.argv.slice(2);
const engine = createEngine({ store: await openSqliteStore({ path }) });
const caller = {
  context: "dev",
  principal: "p",
  read: ["/*"],
  write: ["/*"],
  forget: [],
  manage: [],
};
for (let count = 1; ; count += 1) {
  const outcome = await engine.remember({
    caller,
    idempotency: {
      ref: { context: "dev", principal: "p", key: `k${count}` },
      fingerprint: "f",
      retention: 1e9,
    },
    scopes: [["u/a"]],
    messages: [
      { role: "user", content: `message ${count} first half` },
      { role: "user", content: `message ${count} second half` },
    ],
    infer: "none",
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
