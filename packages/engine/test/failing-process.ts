// Run as a child process: writes over a disk whose sync fails once, and tells what each call got.
import { createEngine } from "@spectron/engine";
import { openSqliteStore } from "../src/stores/sqlite/sqlite-store.ts";
import { CALLER } from "./principal.ts";

const [path = ""] = process.argv.slice(2);
const engine = createEngine({
  store: await openSqliteStore({
    path,
    faults: new URL("fault-module.js", import.meta.url).href,
  }),
});
const attempt = async (): Promise<string> =>
  engine.createSession({ caller: CALLER, scopes: [["u/a"]], metadata: {} }).then(
    () => "stored",
    (error: unknown) => (error as { code: string }).code,
  );
const first = await attempt();
const second = await attempt();
const { sessions } = await engine.read("listSessions", {
  caller: CALLER,
  clamp: { patterns: ["/*"] },
  limit: 10,
});
process.send?.({ first, second, reads: sessions.length });
await engine.close();
process.disconnect?.();
