import { readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";

/** Who writes a file; part of its name. */
export interface Owner {
  host: string;
  pid: number;
  /** When the process began, as its system tells; empty where it does not. */
  begin: string;
}

export function thisProcess(): Owner {
  return { host: hostNames(), pid: process.pid, begin: beginOf(process.pid) };
}

/** True when nobody writes the file any more: its process ended, or has given no sign for a long time. */
export function isAbandoned(
  owner: Owner,
  file: string,
  options: { now: number; silentMs: number },
): boolean {
  const { mtimeMs } = statSync(file);
  // the sign of life covers other machines and process tables, and systems that do not tell when a process began
  if (options.now - mtimeMs > options.silentMs) return true;
  const me = thisProcess();
  if (owner.host !== me.host) return false;
  if (owner.pid === me.pid) return owner.begin !== me.begin;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  return owner.begin !== "" && beginOf(owner.pid) !== owner.begin;
}

function hostNames(): string {
  return hostname().replaceAll(/[^A-Za-z0-9-]/g, "-");
}

/** Field 22 of `/proc/<pid>/stat`: a number that is given to one process only, also when its id is used again. */
function beginOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
