import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

// A support desk in three processes that share nothing but a folder: a customer asks, a person approves, and the
// customer comes back another day. Run it with `npm start -w @spectron/example-openai-agents`; no key is needed.

const { values } = parseArgs({ options: { data: { type: "string" } } });
const folder = values.data ?? (await mkdtemp(join(tmpdir(), "spectron-desk-")));
const part = fileURLToPath(new URL("part.ts", import.meta.url));

try {
  for (const name of ["ask", "approve", "return"]) {
    const child = spawn(process.execPath, [...process.execArgv, part, name, folder], {
      stdio: "inherit",
    });
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) {
      process.exitCode = code ?? 1;
      break;
    }
  }
} finally {
  if (values.data === undefined) await rm(folder, { recursive: true, force: true });
}
