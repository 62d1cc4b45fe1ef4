// Loaded by the storage thread of a test: writes down each step, and kills the process at the one it was told.
import { appendFileSync } from "node:fs";

const log = process.env["FAULT_LOG"];
/** Such as `commit 3`: at the third commit. */
const [, wanted, nth] = /^(.*?) (\d+)/.exec(process.env["FAULT_AT"] ?? "") ?? [];

let passed = 0;

export function fault(step: string): void {
  if (log !== undefined) appendFileSync(log, `${step}\n`);
  if (step !== wanted) return;
  passed += 1;
  if (passed === Number(nth)) process.kill(process.pid, "SIGKILL");
}
