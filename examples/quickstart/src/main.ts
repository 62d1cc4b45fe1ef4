import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runFile } from "./file.ts";
import { startModelServer } from "./model-server/server.ts";
import { runQuickstart } from "./quickstart.ts";
import { modelAccess } from "./settings.ts";

const { values } = parseArgs({
  options: { file: { type: "string" }, data: { type: "string" } },
});
const data = values.data ?? fileURLToPath(new URL("../.spectron/", import.meta.url));
const server = process.env["OPENAI_API_KEY"] === undefined ? await startModelServer() : undefined;
const access = modelAccess(server?.url);

try {
  // the story starts with an empty memory each time
  for (const suffix of ["", "-wal", "-shm"])
    rmSync(join(data, `memory.db${suffix}`), { force: true });
  if (values.file === undefined) await runQuickstart(data, access);
  else await runFile(values.file, data, access);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await server?.close();
}
