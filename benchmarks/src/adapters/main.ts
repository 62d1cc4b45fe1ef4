import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, arch, platform } from "node:os";
import { fileURLToPath } from "node:url";
import { installPeers, loadContenders } from "./contenders.ts";
import type { Contender } from "./contenders.ts";
import type { Bench } from "./measure.ts";
import {
  measureBareRead,
  measureConversation,
  measureOutage,
  measureTimings,
  measureToolTurn,
} from "./measure.ts";
import { startMemoryServer } from "./memory-server.ts";
import { renderResults } from "./render.ts";
import type { Results } from "./render.ts";
import { scriptedOpenAi } from "./scripted-openai.ts";

const ROUNDS = 15;
const log = console.error.bind(console);
const folder = installPeers();
// the peers print what goes wrong, which is part of the scenarios
for (const name of ["log", "warn", "error", "info"] as const) console[name] = () => undefined;

/** A memory server of its own for each scenario: an adapter remembers an outage of a service. */
async function withBench<Value>(
  work: (bench: Bench, contenders: Contender[]) => Promise<Value>,
): Promise<Value> {
  const server = await startMemoryServer();
  const { fetch, script } = scriptedOpenAi();
  const contenders = await loadContenders(folder, server.url, fetch);
  const value = await work({ server, script }, contenders);
  await server.close();
  return value;
}

async function each<Value>(
  title: string,
  measure: (bench: Bench, contender: Contender) => Promise<Value>,
): Promise<Record<string, Value>> {
  log(title);
  return withBench(async (bench, contenders) => {
    const values: Record<string, Value> = {};
    for (const contender of contenders) values[contender.name] = await measure(bench, contender);
    return values;
  });
}

const timings: Results["timings"] = {};
const bareReads: Results["bareReads"] = {};
for (const delayMs of [0, 25, 100]) {
  log(`timings at ${delayMs} ms`);
  bareReads[delayMs] = await withBench(async (bench) => measureBareRead(bench, delayMs));
  timings[delayMs] = await withBench(async (bench, contenders) =>
    measureTimings(bench, contenders, { delayMs, rounds: delayMs === 100 ? 5 : ROUNDS }),
  );
}
const toolTurn = await each("tool turn", measureToolTurn);
const tenTurns = await each("ten turns", measureConversation);
const dead = await each("dead server", async (bench, contender) =>
  measureOutage(bench, contender, "dead"),
);
const hanging = await each("hanging server", async (bench, contender) =>
  measureOutage(bench, contender, "hanging"),
);

const results: Results = {
  machine: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores, ${platform()} ${arch()}, Node ${process.version}`,
  rounds: ROUNDS,
  bareReads,
  timings,
  toolTurn,
  tenTurns,
  dead,
  hanging,
};
const output = fileURLToPath(new URL("../../results/", import.meta.url));
mkdirSync(output, { recursive: true });
writeFileSync(`${output}adapters.json`, `${JSON.stringify(results, null, 2)}\n`);
writeFileSync(`${output}adapters.md`, renderResults(results));
log(renderResults(results));
// a peer may still wait for an answer that never comes
process.exit(0);
