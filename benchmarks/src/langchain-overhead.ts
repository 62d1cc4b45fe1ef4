import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { arch, cpus, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AIMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { createSpectron } from "@spectron/core";
import { memoryMiddleware } from "@spectron/langchain";
import { embedded } from "@spectron/server";
import { createAgent, createMiddleware } from "langchain";
import { z } from "zod";

/** Turns of each kind; the two kinds alternate, so that both see the same machine. */
const TURNS = Number(process.argv[2] ?? 200);
const WARM_UP = 20;

interface Turn {
  wallMs: number;
  cpuMs: number;
  reads: number;
}

const folder = await mkdtemp(join(tmpdir(), "spectron-bench-"));
const service = await embedded({ path: join(folder, "memory.db") });
let reads = 0;
// what memory costs inside the application's process: the service answers at once and is not part of the figure
const answers = new Map<string, string>([
  [
    "facts/batch",
    JSON.stringify({ sessionId: "sess_bench", turnIds: ["turn_1"], extractions: [] }),
  ],
]);
const fetch: typeof globalThis.fetch = async (input, init) => {
  const { pathname } = input as URL;
  const route = pathname.slice(
    pathname.indexOf(`/${service.context}/`) + service.context.length + 2,
  );
  if (["context", "profile", "query"].includes(route)) reads += 1;
  const known = answers.get(route);
  if (known !== undefined)
    return new Response(known, { headers: { "content-type": "application/json" } });
  const response = await service.fetch(input, init);
  if (response.status === 200) answers.set(route, await response.clone().text());
  return response;
};
const spectron = createSpectron({ ...service, fetch });

const plain = createAgent({ model: script(), tools: [] });
// what the framework itself takes for a middleware with these hooks
const idle = createAgent({
  model: script(),
  tools: [],
  middleware: [
    createMiddleware({
      name: "Idle",
      beforeAgent: () => undefined,
      wrapModelCall: async (request, handler) => handler(request),
      afterAgent: () => undefined,
    }),
  ],
});
// what the framework takes for carrying private state, which any memory needs so as not to store a message again
const carrying = createAgent({
  model: script(),
  tools: [],
  middleware: [
    createMiddleware({
      name: "Carrying",
      stateSchema: z.object({ _marks: z.array(z.string()).default([]) }),
      beforeAgent: ({ messages }) => ({ _marks: messages.map(({ id }) => id ?? "") }),
      wrapModelCall: async (request, handler) => handler(request),
      afterAgent: ({ messages }) => ({ _marks: messages.map(({ id }) => id ?? "") }),
    }),
  ],
});
const failures: string[] = [];
const remembering = createAgent({
  model: script(),
  tools: [],
  middleware: [
    memoryMiddleware({
      spectron,
      scope: "org/acme/user/alice",
      session: "bench",
      recall: { timeoutMs: 20_000 },
      onError: (error) => failures.push(error.message),
    }),
  ],
});

function script(): ReturnType<typeof fakeModel> {
  const model = fakeModel();
  for (let index = 0; index < TURNS + WARM_UP; index += 1) model.respond(new AIMessage("Fine."));
  return model;
}

interface Agent {
  invoke(input: { messages: { role: string; content: string }[] }): Promise<unknown>;
}

async function measure(agent: Agent, index: number): Promise<Turn> {
  const messages = [{ role: "user", content: `Message ${index}: where do I live?` }];
  const before = reads;
  const cpu = process.cpuUsage();
  const started = performance.now();
  await agent.invoke({ messages });
  const wallMs = performance.now() - started;
  await spectron.flush();
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (user + system) / 1000, reads: reads - before };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const agents = {
  without: plain as Agent,
  idle: idle as Agent,
  carrying: carrying as Agent,
  with: remembering as Agent,
};
const turns: Record<keyof typeof agents, Turn[]> = {
  without: [],
  idle: [],
  carrying: [],
  with: [],
};
for (let index = 0; index < TURNS + WARM_UP; index += 1)
  for (const name of ["without", "idle", "carrying", "with"] as const) {
    const turn = await measure(agents[name], index);
    if (index >= WARM_UP) turns[name].push(turn);
  }
if (failures.length > 0)
  throw new Error(`Memory failed ${failures.length} times, first: ${failures[0] ?? ""}`);
await spectron.close();
await rm(folder, { recursive: true, force: true });

const row = (kind: Turn[]): { wallMs: number; cpuMs: number; readsPerTurn: number } => ({
  wallMs: median(kind.map((turn) => turn.wallMs)),
  cpuMs: median(kind.map((turn) => turn.cpuMs)),
  readsPerTurn: kind.reduce((sum, turn) => sum + turn.reads, 0) / kind.length,
});
const added = (base: Turn[]): { wallMs: number; cpuMs: number } => ({
  wallMs: median(turns.with.map((turn, index) => turn.wallMs - (base[index]?.wallMs ?? 0))),
  cpuMs: median(turns.with.map((turn, index) => turn.cpuMs - (base[index]?.cpuMs ?? 0))),
});
const result = {
  machine: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores, ${platform()} ${arch()}, Node ${process.version}`,
  turns: TURNS,
  without: row(turns.without),
  idleMiddleware: row(turns.idle),
  carryingMiddleware: row(turns.carrying),
  with: row(turns.with),
  addedToNone: added(turns.without),
  addedToIdleMiddleware: added(turns.idle),
  addedToCarryingMiddleware: added(turns.carrying),
};

const two = (value: number): string => value.toFixed(2);
const table = `# LangChain: what memory adds to one agent turn

Medians of ${TURNS} turns of each kind, alternating in one process, \`createAgent\` with a scripted model, the service answering at
once. CPU includes everything up to the delivered write. ${result.machine}.

| | wall, ms | CPU, ms | reads a turn |
| --- | ---: | ---: | ---: |
| without memory | ${two(result.without.wallMs)} | ${two(result.without.cpuMs)} | 0 |
| with a middleware that does nothing | ${two(result.idleMiddleware.wallMs)} | ${two(result.idleMiddleware.cpuMs)} | 0 |
| with a middleware that keeps the ids of messages in private state | ${two(result.carryingMiddleware.wallMs)} | ${two(result.carryingMiddleware.cpuMs)} | 0 |
| with memory | ${two(result.with.wallMs)} | ${two(result.with.cpuMs)} | ${two(result.with.readsPerTurn)} |
| added to no memory | ${two(result.addedToNone.wallMs)} | ${two(result.addedToNone.cpuMs)} | |
| added to a middleware that does nothing | ${two(result.addedToIdleMiddleware.wallMs)} | ${two(result.addedToIdleMiddleware.cpuMs)} | |
| added to a middleware that keeps the ids in private state | ${two(result.addedToCarryingMiddleware.wallMs)} | ${two(result.addedToCarryingMiddleware.cpuMs)} | |

The rows of the middlewares are the framework's own price: hooks, and a private channel of state that the graph carries and
every write of it. What is added to the last of them is what memory itself costs.
`;
const results = fileURLToPath(new URL("../results/", import.meta.url));
await mkdir(results, { recursive: true });
await writeFile(join(results, "langchain-overhead.json"), `${JSON.stringify(result, null, 2)}\n`);
await writeFile(join(results, "langchain-overhead.md"), table);
console.log(table);
