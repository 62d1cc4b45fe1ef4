// Run as a child process: opens a file, writes to it and closes it as it is told, and tells how each went.
import { createEngine, openSqliteStore } from "@spectron/engine";
import type { Engine } from "@spectron/engine";
import { CALLER, KEY } from "./principal.ts";

let engine: Engine | undefined;

async function say(text: string): Promise<void> {
  if (engine === undefined) throw new Error("Nothing is open.");
  const session = await engine.createSession({
    caller: CALLER,
    scopes: [["u/a"]],
    metadata: {},
    externalId: "all",
  });
  await engine.remember({
    caller: CALLER,
    sessionId: (session.body as { id: string }).id,
    messages: [{ role: "user", content: text }],
    infer: "none",
    triples: [],
    diff: "none",
    labels: [],
    answer: { kind: "batch" },
  });
}

const TASKS: Record<string, (value: string) => Promise<void>> = {
  async open(path) {
    engine = createEngine({ store: await openSqliteStore({ path }) });
    await engine.bootstrap(KEY);
  },
  say,
  async check() {
    await engine?.check();
  },
  async close() {
    await engine?.close();
  },
  async become(user) {
    process.setuid?.(Number(user));
  },
};

process.on("message", ([task, value]: [string, string]) => {
  const begun = performance.now();
  const took = (): number => Math.round(performance.now() - begun);
  const work = TASKS[task]?.(value) ?? Promise.reject(new Error(`There is no task ${task}.`));
  work.then(
    () => process.send?.({ ok: true, took: took() }),
    (error: { code?: string; message: string }) =>
      process.send?.({ ok: false, took: took(), code: error.code, message: error.message }),
  );
});
