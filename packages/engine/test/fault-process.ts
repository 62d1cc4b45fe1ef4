// Run as a child process: runs the program over a store whose steps may fail, and tells each acknowledgement.
import { createEngine } from "@spectron/engine";
import { openSqliteStore } from "../src/stores/sqlite/sqlite-store.ts";
import { runProgram } from "./fault-program.ts";

const [path = ""] = process.argv.slice(2);
const store = await openSqliteStore({
  path,
  faults: new URL("fault-module.js", import.meta.url).href,
});
const engine = createEngine({ store });
await runProgram(engine, store, (step) => process.send?.(step));
await engine.close();
process.disconnect?.();
