import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const API_KEY = "sp-test-0123456789abcdef0123456789abcdef";

const BIN = fileURLToPath(new URL("../src/bin.ts", import.meta.url));

export interface ServerProcess {
  url: string;
  child: ChildProcess;
}

/** A server process of its own, as an operator starts it; settles when it listens. */
export async function startServer(flags: readonly string[]): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    [
      "--conditions=@spectron/source",
      "--no-warnings",
      BIN,
      "serve",
      "--api-key",
      API_KEY,
      ...flags,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { url, child };
  }
  throw new Error("The server ended before it listened.");
}
