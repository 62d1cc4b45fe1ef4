// Loaded by the storage thread of a test: writes down each step, and does at one of them what it was told.
import { appendFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

const log = process.env["FAULT_LOG"];
/** Such as `commit 3 kill`: at the third commit. */
const [, wanted, nth, action = "kill"] =
  /^(.*?) (\d+)(?: (\w+))?$/.exec(process.env["FAULT_AT"] ?? "") ?? [];

let failing = false;
let passed = 0;

export function fault(step: string, database?: DatabaseSync): void {
  if (log !== undefined) appendFileSync(log, `${step}\n`);
  if (step === "open" && action === "full") database?.exec("PRAGMA max_page_count = 70");
  if (step !== wanted || failing) return;
  passed += 1;
  if (passed !== Number(nth)) return;
  if (action === "kill") process.kill(process.pid, "SIGKILL");
  if (action === "io") {
    failing = true;
    // what the driver throws when the disk refuses a sync
    throw Object.assign(new Error("disk I/O error"), { errcode: 1034 });
  }
}
