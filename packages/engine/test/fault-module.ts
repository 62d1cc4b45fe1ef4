// Loaded by the storage thread of a test: writes down each step, and does at one of them what it was told.
import { appendFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

const log = process.env["FAULT_LOG"];
const [wanted = "", action = "kill"] = (process.env["FAULT_AT"] ?? "").split(" ");

let failing = false;

export function fault(step: string, database?: DatabaseSync): void {
  if (log !== undefined) appendFileSync(log, `${step}\n`);
  if (step === "open" && action === "full") database?.exec("PRAGMA max_page_count = 70");
  if (step !== wanted || failing) return;
  if (action === "kill") process.kill(process.pid, "SIGKILL");
  if (action === "io") {
    failing = true;
    // what the driver throws when the disk refuses a sync
    throw Object.assign(new Error("disk I/O error"), { errcode: 1034 });
  }
}
