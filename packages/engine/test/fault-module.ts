// Loaded by the storage thread of a test: writes down each step, and kills the process at the one it was told.
import { appendFileSync } from "node:fs";

const log = process.env["FAULT_LOG"];
const [wanted] = (process.env["FAULT_AT"] ?? "").split(" ");

export function fault(step: string): void {
  if (log !== undefined) appendFileSync(log, `${step}\n`);
  if (step === wanted) process.kill(process.pid, "SIGKILL");
}
