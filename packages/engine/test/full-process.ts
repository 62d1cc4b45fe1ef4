// Run as a child process: fills a file to its limit, makes room and goes on; fails unless both work.
import { createEngine, openSqliteStore } from "@spectron/engine";
import { CALLER, KEY } from "./principal.ts";

const [path = "", limit = "100"] = process.argv.slice(2);
const hook = `
let database;
export const fault = (step, opened) => {
  database ??= opened;
  // both threads of a process see its environment
  if (step === "begin") database.exec("PRAGMA max_page_count = " + process.env.PAGES);
};`;
process.env["PAGES"] = limit;
const engine = createEngine({
  store: await openSqliteStore({
    path,
    faults: `data:text/javascript,${encodeURIComponent(hook)}`,
  }),
});
await engine.bootstrap(KEY);
const say = async (text: string): Promise<string> => {
  const outcome = await engine.remember({
    caller: CALLER,
    scopes: [["u/a"]],
    messages: [{ role: "user", content: text }],
    infer: "none",
    triples: [],
    diff: "none",
    labels: [],
    answer: { kind: "batch" },
  });
  return (outcome.body as { sessionId: string }).sessionId;
};
/** Writes until one is refused; answers with how. */
async function fill(): Promise<string> {
  for (let count = 0; ; count += 1)
    try {
      process.send?.(await say(`message ${count} ${"x".repeat(1000)}`));
    } catch (error) {
      return (error as { code: string }).code;
    }
}
const refused = await fill();
if (refused !== "storage_full") throw new Error(`The full disk was told as ${refused}.`);
const { sessions } = await engine.read("listSessions", {
  caller: CALLER,
  clamp: { patterns: ["/*"] },
  limit: 10,
});
if (sessions.length === 0) throw new Error("Reads stopped.");
process.env["PAGES"] = "1000000";
process.send?.(await say("room again"));
await engine.close();
process.disconnect?.();
