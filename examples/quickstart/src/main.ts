import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startModelServer } from "./model-server/server.ts";
import { readMessages } from "./read-messages.ts";
import { modelAccess } from "./settings.ts";

const USAGE = `npm start                              the story, in a temporary folder
npm start -- --file chat.jsonl         remembers your conversation and answers questions about it
npm start -- --data ./my-memory        keeps what is remembered in that folder, beside what is there

The file holds a message per line: {"role": "user", "content": "I live in Oslo.", "ts": "2026-03-01T10:00:00Z"}
("role" is user, assistant, system or tool; "ts" may be left out). With OPENAI_API_KEY set, the real models answer.`;

interface Flags {
  file?: string;
  data?: string;
  help?: boolean;
}

function readFlags(): Flags {
  const { values } = parseArgs({
    options: {
      file: { type: "string" },
      data: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  return values;
}

async function main({ file, data }: Flags): Promise<void> {
  const messages = file === undefined ? [] : readMessages(file);
  // the frameworks take a while to load: only after all that can be wrong with the command
  const { runFile } = await import("./file.ts");
  const { runQuickstart } = await import("./quickstart.ts");
  const server = process.env["OPENAI_API_KEY"] === undefined ? await startModelServer() : undefined;
  const temporary = data === undefined ? mkdtempSync(join(tmpdir(), "spectron-quickstart-")) : "";
  try {
    const access = modelAccess(server?.url);
    if (file === undefined) await runQuickstart(data ?? temporary, access);
    else await runFile(file, messages, data ?? temporary, access);
  } finally {
    if (temporary !== "") rmSync(temporary, { recursive: true, force: true });
    await server?.close();
  }
}

try {
  const flags = readFlags();
  if (flags.help === true) console.log(USAGE);
  else await main(flags);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
