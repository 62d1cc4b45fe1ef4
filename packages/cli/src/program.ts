import { createRequire } from "node:module";
import { join } from "node:path";
import { backup, restore, serve, verify } from "@spectron/server";
import type { FailedRequest } from "@spectron/server";
import { Command, InvalidArgumentError, Option } from "commander";
import { loadConfig } from "./load-config.ts";

/** What the command needs of its process; tests hand in their own. */
export interface Terminal {
  out(line: string): void;
  error(line: string): void;
  /** Registers what ends the server when the process is told to stop. */
  onStop(stop: () => void): void;
  fail(): void;
}

interface PlaceFlags {
  data?: string;
  database?: string;
}

interface ServeFlags extends PlaceFlags {
  host: string;
  port: number;
  context: string;
  apiKey?: string;
  newKey?: boolean;
  config?: string;
}

/** Clocks of servers differ a little; more than this is worth a word. */
const CLOCK_TOLERANCE_MS = 60_000;
const DEFAULT_DATA = "./.spectron";
/** The database file in its folder. */
const FILE = "memory.db";
const DATA = "folder of the database file";
/** Without a default of its own, because a database may be named instead. */
const DATA_OR_DATABASE = `${DATA} (default: "${DEFAULT_DATA}")`;
const DATABASE = "PostgreSQL URL instead of a folder";

/** The `spectron` command. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command("spectron")
    .description("Long-term memory for agent frameworks")
    .version(version())
    .configureOutput({
      writeOut: (text) => {
        terminal.out(text.trimEnd());
      },
      writeErr: (text) => {
        terminal.error(text.trimEnd());
      },
    });
  program
    .command("serve")
    .description("serve one memory over HTTP until stopped")
    .option("--data <dir>", DATA_OR_DATABASE)
    .option("--database <url>", DATABASE)
    .option("--host <host>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port; 0 picks a free one", toPort, 9090)
    .option("--context <name>", "context to serve", "dev")
    .addOption(
      new Option(
        "--api-key <key>",
        "API key of your own for this run, at least 16 characters; it is not stored. Other users of the machine can see flags, not the environment",
      ).env("SPECTRON_API_KEY"),
    )
    .option("--new-key", "replace the first API key and show the new one; the old one ends")
    .option("--config <file>", "module with a default export of settings, such as an extractor")
    .action(async (flags: ServeFlags) => {
      await attempt(terminal, "serve", async () => runServe(terminal, flags));
    });
  program
    .command("verify")
    .description("read the whole memory and tell what is wrong with it; a server may run meanwhile")
    .option("--data <dir>", DATA_OR_DATABASE)
    .option("--database <url>", DATABASE)
    .action(async (flags: PlaceFlags) => {
      await attempt(terminal, "verify", async () => runVerify(terminal, flags));
    });
  program
    .command("backup <file>")
    .description("copy the memory to a new file; a server may run meanwhile")
    .option("--data <dir>", DATA, DEFAULT_DATA)
    .action(async (file: string, flags: { data: string }) => {
      await attempt(terminal, "backup", async () => {
        await backup(join(flags.data, FILE), file);
        terminal.out(`backed up to ${file}`);
      });
    });
  program
    .command("restore <file>")
    .description("put a backup into a folder that no server uses")
    .option("--data <dir>", DATA, DEFAULT_DATA)
    .option("--replace", "replace the memory that is there")
    .action(async (file: string, flags: { data: string; replace?: boolean }) => {
      await attempt(terminal, "restore", async () => {
        await restore(file, join(flags.data, FILE), { replace: flags.replace });
        terminal.out(`restored ${file}`);
      });
    });
  return program;
}

async function runServe(terminal: Terminal, flags: ServeFlags): Promise<void> {
  const server = await serve({
    ...(flags.config === undefined ? {} : await loadConfig(flags.config)),
    ...(flags.database === undefined ? { data: DEFAULT_DATA } : {}),
    ...(flags.data === undefined ? {} : { data: flags.data }),
    database: flags.database,
    host: flags.host,
    port: flags.port,
    context: flags.context,
    apiKey: flags.apiKey,
    newKey: flags.newKey,
    onError: (error, request) => {
      terminal.error(errorLine(error, request));
    },
  });
  if (server.newApiKey !== undefined)
    terminal.out(`API key of context ${server.context}, shown once: ${server.newApiKey}`);
  if (server.clockBehind > CLOCK_TOLERANCE_MS)
    terminal.error(
      `warning: the newest memory is ${Math.round(server.clockBehind / 60_000)} minutes ahead of this machine's clock. Time stands still until the clock has caught up; check it.`,
    );
  // before anybody who waits for the line can tell it to stop
  terminal.onStop(() => void server.close());
  terminal.out(`listening on ${server.url}`);
}

/** One line for the log: what failed, and on which request. */
function errorLine(error: unknown, request: FailedRequest | undefined): string {
  const what = `error: ${nameOf(error)}`;
  return request === undefined
    ? what
    : `${what} (${request.method} ${request.route}, trace ${request.traceId})`;
}

function version(): string {
  return (createRequire(import.meta.url)("../package.json") as { version: string }).version;
}

async function runVerify(terminal: Terminal, flags: PlaceFlags): Promise<void> {
  const report = await verify(toPlace(flags));
  for (const [table, count] of Object.entries(report.checked)) terminal.out(`${table}: ${count}`);
  for (const { rule, count } of report.problems) terminal.error(`broken: ${rule} (${count})`);
  if (!report.ok) terminal.fail();
  else terminal.out("nothing is wrong");
}

/** Runs a command and tells its failure in one line. */
async function attempt(terminal: Terminal, name: string, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    terminal.error(`spectron ${name}: ${error instanceof Error ? error.message : String(error)}`);
    terminal.fail();
  }
}

/** What a log may tell of a failure: an error of the engine holds no content of memory, another one might. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (!("code" in error)) return `${error.name} ${firstFrame(error)}`.trim();
  return error.name === "EngineError"
    ? `${String(error.code)}: ${error.message}`
    : `${error.name} ${String(error.code)}`;
}

/** Where it was thrown, which holds no content. */
function firstFrame({ stack = "" }: Error): string {
  return /^ +(at .*)$/m.exec(stack)?.[1] ?? "";
}

function toPlace({ data, database }: PlaceFlags): { path?: string; database?: string } {
  if (database === undefined) return { path: join(data ?? DEFAULT_DATA, FILE) };
  return data === undefined ? { database } : { path: join(data, FILE), database };
}

function toPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("a port is a whole number from 0 to 65535");
  return port;
}
