import { serve } from "@spectron/server";
import { Command, InvalidArgumentError } from "commander";
import { loadConfig } from "./load-config.ts";

/** What the command needs of its process; tests hand in their own. */
export interface Terminal {
  out(line: string): void;
  error(line: string): void;
  /** Registers what ends the server when the process is told to stop. */
  onStop(stop: () => void): void;
  fail(): void;
}

interface ServeFlags {
  data?: string;
  database?: string;
  host: string;
  port: number;
  context: string;
  apiKey?: string;
  config?: string;
}

/** The `spectron` command. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command("spectron")
    .description("Long-term memory for agent frameworks")
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
    .option("--data <dir>", "folder of the database file", "./.spectron")
    .option("--database <url>", "PostgreSQL URL instead of a folder")
    .option("--host <host>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port; 0 picks a free one", toPort, 9090)
    .option("--context <name>", "context to serve", "dev")
    .option("--api-key <key>", "fix the API key, for tests")
    .option("--config <file>", "module with a default export of settings, such as an extractor")
    .action(async (flags: ServeFlags) => {
      await runServe(terminal, flags);
    });
  return program;
}

async function runServe(terminal: Terminal, flags: ServeFlags): Promise<void> {
  if (flags.database !== undefined) {
    terminal.error("spectron serve: --database is not available in this version; use --data DIR.");
    terminal.fail();
    return;
  }
  try {
    const server = await serve({
      ...(flags.config === undefined ? {} : await loadConfig(flags.config)),
      data: flags.data ?? "./.spectron",
      host: flags.host,
      port: flags.port,
      context: flags.context,
      apiKey: flags.apiKey,
      onError: (error) => {
        terminal.error(`error: ${error instanceof Error ? error.name : "unknown"}`);
      },
    });
    if (server.newApiKey !== undefined)
      terminal.out(`API key of context ${server.context}, shown once: ${server.newApiKey}`);
    terminal.out(`listening on ${server.url}`);
    terminal.onStop(() => void server.close());
  } catch (error) {
    terminal.error(`spectron serve: ${error instanceof Error ? error.message : String(error)}`);
    terminal.fail();
  }
}

function toPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("a port is a whole number from 0 to 65535");
  return port;
}
