// node --conditions=@spectron/source benchmarks/src/store-figures.ts [turns,turns…] [postgres]
// Durable ingest through HTTP, recall by size and scope, open time, memory and bytes a turn; one table in results/store.md.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { serve } from "@spectron/server";
import type { RunningServer } from "@spectron/server";
import { startTestPostgres } from "@spectron/testing";

const API_KEY = "sp-bench-0123456789abcdef0123456789abcdef";
const CLIENTS = 16;
const USERS = 1000;
/** Length of each measured stretch. */
const SECONDS = 5;
const WORDS =
  "river garden invoice holiday guitar recipe marathon passport kitchen deadline bicycle novel dentist budget lighthouse".split(
    " ",
  );

const [sizes = "1000,10000", withPostgres] = process.argv.slice(2);
const lines: string[] = [];
const say = (line: string): void => {
  lines.push(line);
  console.log(line);
};

/** As a client does it: again while the answer says to retry. */
async function call(server: RunningServer, route: string, body: unknown): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(`${server.url}/api/v1/dev/${route}`, {
      method: "POST",
      headers: { authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify(body),
    });
    const answer = await response.text();
    if (response.ok) return;
    if (response.status !== 503 || tries === 5)
      throw new Error(`${route}: ${response.status} ${answer}`);
  }
}

function text(index: number): string {
  const word = (step: number): string => WORDS[(index * 7 + step * 5) % WORDS.length] ?? "";
  return `Note ${index}: the ${word(1)} and the ${word(2)} before the ${word(3)} in week ${index % 52}.`;
}

const user = (index: number): string => `org/acme/user/u${index % USERS}`;

async function ingestRate(server: RunningServer): Promise<number> {
  const end = performance.now() + SECONDS * 1000;
  let messages = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      for (let count = 0; performance.now() < end; count += 1) {
        await call(server, "facts/batch", {
          scopes: [[user(client)]],
          messages: [
            { role: "user", content: text(count) },
            { role: "assistant", content: text(count + 1) },
          ],
          infer: "none",
        });
        messages += 2;
      }
    }),
  );
  return messages / SECONDS;
}

function syncRate(folder: string): number {
  const file = openSync(join(folder, "sync"), "w");
  const end = performance.now() + 2000;
  let syncs = 0;
  for (; performance.now() < end; syncs += 1) {
    writeSync(file, Buffer.alloc(4096));
    fsyncSync(file);
  }
  closeSync(file);
  return syncs / 2;
}

function bareRate(folder: string): number {
  const database = new DatabaseSync(join(folder, "bare.db"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a TEXT)");
  const insert = database.prepare("INSERT INTO t VALUES (?)");
  const end = performance.now() + 2000;
  let rows = 0;
  for (; performance.now() < end; rows += 2) {
    database.exec("BEGIN");
    insert.run(text(rows));
    insert.run(text(rows + 1));
    database.exec("COMMIT");
  }
  database.close();
  return rows / 2;
}

async function fill(server: RunningServer, from: number, to: number): Promise<void> {
  let next = from;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (next < to) {
        const start = next;
        next += 100;
        const messages = Array.from({ length: Math.min(100, to - start) }, (_, index) => ({
          role: "user",
          content: text(start + index),
        }));
        // one batch is one user's; a hundred turns in a row go to the same one
        await call(server, "facts/batch", {
          scopes: [[user(start / 100)]],
          messages,
          infer: "none",
        });
      }
    }),
  );
}

async function recallTimes(
  server: RunningServer,
  lens: unknown,
): Promise<[p50: number, p95: number]> {
  const times: number[] = [];
  for (let count = 0; count < 40; count += 1) {
    const start = performance.now();
    await call(server, "query", {
      query: `the ${WORDS[count % WORDS.length]} in week ${count}`,
      k: 10,
      ...(lens === undefined ? {} : { lens }),
    });
    times.push(performance.now() - start);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return [sorted[20] ?? 0, sorted[37] ?? 0];
}

async function measure(
  name: string,
  open: () => Promise<RunningServer>,
  file?: string,
): Promise<void> {
  let server = await open();
  say(`\n### ${name}\n`);
  const rate = await ingestRate(server);
  say(`Ingest, batches of 2, ${CLIENTS} clients: ${Math.round(rate)} messages/s\n`);
  say(
    "| turns | one user p50 / p95 ms | 1 % p50 / p95 ms | all p50 / p95 ms | longest block of the loop ms | open ms | memory MB | bytes a turn |",
  );
  say("| --- | --- | --- | --- | --- | --- | --- | --- |");
  let filled = 0;
  for (const size of sizes.split(",").map(Number)) {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await fill(server, filled, size);
    filled = size;
    const cell = async (lens: unknown): Promise<string> =>
      (await recallTimes(server, lens)).map((value) => value.toFixed(1)).join(" / ");
    const narrow = await cell([[user(3)]]);
    const some = await cell(Array.from({ length: 10 }, (_, index) => [user(index)]));
    const all = await cell(undefined);
    delay.disable();
    const memory = process.memoryUsage().rss / 2 ** 20;
    await server.close();
    const start = performance.now();
    server = await open();
    const opened = performance.now() - start;
    const bytes =
      file === undefined ? "" : String(Math.round(statSync(file).size / (size + rate * SECONDS)));
    say(
      `| ${size} | ${narrow} | ${some} | ${all} | ${(delay.max / 1e6).toFixed(0)} | ${opened.toFixed(0)} | ${memory.toFixed(0)} | ${bytes} |`,
    );
  }
  await server.close();
}

const folder = await mkdtemp(join(tmpdir(), "spectron-bench-"));
say("# Stores\n");
say(
  `Node ${process.version}, ${cpus().length} cores, load average at the start ${loadavg()
    .map((value) => value.toFixed(1))
    .join(", ")}; figures of one run on a shared machine: read the ratios.\n`,
);
say(
  `Syncs of 4 KiB: ${Math.round(syncRate(folder))}/s. Bare SQLite loop, one transaction for two rows: ${Math.round(bareRate(folder))} rows/s.`,
);
const options = { port: 0, context: "dev", apiKey: API_KEY };
await measure(
  "Embedded file",
  async () => serve({ ...options, data: folder }),
  join(folder, "memory.db"),
);
if (withPostgres !== undefined) {
  const postgres = await startTestPostgres({ durable: true });
  await measure("PostgreSQL", async () => serve({ ...options, database: postgres.url }));
  await postgres.stop();
}
await rm(folder, { recursive: true, force: true });
const results = fileURLToPath(new URL("../results/", import.meta.url));
mkdirSync(results, { recursive: true });
writeFileSync(join(results, "store.md"), `${lines.join("\n")}\n`);
