// Run as a child process: writes several sessions at a time, each message with the next number, and tells when each is
// sent and when it is stored; copies the file when it is given a name, and ends when told to stop.
import { createEngine, openSqliteStore } from "@spectron/engine";
import { CALLER, KEY } from "./principal.ts";

const [path = "", first = "0"] = process.argv.slice(2);
const engine = createEngine({ store: await openSqliteStore({ path }) });
await engine.bootstrap(KEY);
let next = Number(first);
const stop = new AbortController();
process.on("message", (message) => {
  if (message === "stop") stop.abort();
  else
    engine.backup(String(message)).then(
      () => process.send?.({ copied: message }),
      (error: unknown) => {
        throw error;
      },
    );
});
await Promise.all(
  [0, 1, 2, 3].map(async (writer) => {
    const session = await engine.createSession({
      caller: CALLER,
      scopes: [[`u/${writer}`]],
      metadata: {},
      externalId: `${writer}`,
    });
    while (!stop.signal.aborted) {
      const number = next;
      next += 1;
      process.send?.({ sent: number });
      await engine.remember({
        caller: CALLER,
        sessionId: (session.body as { id: string }).id,
        messages: [
          { role: "user", content: `I live in Town${number}. ${"x".repeat(number % 500)}` },
        ],
        infer: writer === 0 ? "full" : "none",
        triples: [],
        diff: "none",
        labels: [],
        answer: { kind: "batch" },
      });
      process.send?.({ stored: number });
    }
  }),
);
await engine.close();
process.disconnect?.();
