import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const API_KEY = "sp-test-0123456789abcdef0123456789abcdef";

const BIN = fileURLToPath(new URL("../src/bin.ts", import.meta.url));

export interface ServerProcess {
  url: string;
  child: ChildProcess;
}

const toArguments = (flags: readonly string[]): string[] => [
  "--conditions=@spectron/source",
  "--no-warnings",
  BIN,
  "serve",
  "--api-key",
  API_KEY,
  ...flags,
];

/** A server process that has no business to listen; settles when it has ended by itself. */
export async function startInVain(
  flags: readonly string[],
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, toArguments(flags), (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

/** A server process of its own, as an operator starts it; settles when it listens. */
export async function startServer(
  flags: readonly string[],
  {
    through = [],
    onLog = (text) => process.stderr.write(text),
  }: {
    /** A command that runs the server in its own place. */
    through?: readonly string[] | undefined;
    /** Told what the server writes to standard error. @default shown */
    onLog?: ((text: string) => unknown) | undefined;
  } = {},
): Promise<ServerProcess> {
  const [command, ...before] = [...through, process.execPath];
  const child = spawn(command, [...before, ...toArguments(flags)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stderr.setEncoding("utf8").on("data", onLog);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { url, child };
  }
  throw new Error("The server ended before it listened.");
}
