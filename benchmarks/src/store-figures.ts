// node --conditions=@spectron/source benchmarks/src/store-figures.ts [turns,turns…] [postgres]
// Durable ingest through HTTP, recall by size and scope beside a bare FTS5 query, blocks of the service's event loop, open
// time, memory and bytes a turn; one table in results/store.md. The service runs in a process of its own.
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
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type { ServeOptions } from "@spectron/server";
import { startTestPostgres } from "@spectron/testing";
import { startStoreServer } from "./store-process.ts";
import type { StoreServer } from "./store-process.ts";

const API_KEY = "sp-bench-0123456789abcdef0123456789abcdef";
const CLIENTS = 16;
const USERS = 1000;
/** Writes under way at a time when a store is filled. */
const FILLERS = 4;
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
async function call(server: StoreServer, route: string, body: unknown): Promise<void> {
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
/** Where a batch of a hundred turns goes; a user's next one is another thread, which is 0.01 % of a million turns. */
const thread = (batch: number): string => `${user(batch)}/thread/t${Math.floor(batch / USERS)}`;

async function ingestRate(server: StoreServer): Promise<number> {
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

/** Adds turns up to a number, to the service and to the bare index alike. */
async function fill(server: StoreServer, bare: BareIndex, from: number, to: number): Promise<void> {
  let next = from;
  await Promise.all(
    Array.from({ length: FILLERS }, async () => {
      while (next < to) {
        const start = next;
        next += 100;
        const texts = Array.from({ length: Math.min(100, to - start) }, (_, index) =>
          text(start + index),
        );
        // one batch is one user's; a hundred turns in a row go to the same one
        await call(server, "facts/batch", {
          scopes: [[thread(start / 100)]],
          messages: texts.map((content) => ({ role: "user", content })),
          infer: "none",
        });
        bare.add(start / 100, texts);
      }
    }),
  );
}

interface BareIndex {
  add(user: number, texts: readonly string[]): void;
  /** Rows that hold one of the words, best first; absent users: all. */
  find(words: readonly string[], users?: readonly number[]): unknown[];
  close(): void;
}

/** SQLite's full text search with the user as a column, and nothing around it. */
function createBareIndex(file: string): BareIndex {
  const database = new DatabaseSync(file);
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE VIRTUAL TABLE note USING fts5(user, text, tokenize = 'porter unicode61')",
  );
  const insert = database.prepare("INSERT INTO note VALUES (?, ?)");
  const find: StatementSync = database.prepare(
    "SELECT text, bm25(note, 0, 1) AS rank FROM note WHERE note MATCH ? ORDER BY rank LIMIT 10",
  );
  return {
    add(index, texts) {
      database.exec("BEGIN");
      for (const content of texts) insert.run(`u${index % USERS}`, content);
      database.exec("COMMIT");
    },
    find(words, users) {
      const scope =
        users === undefined
          ? ""
          : `user : (${users.map((index) => `u${index}`).join(" OR ")}) AND `;
      return find.all(`${scope}text : (${words.join(" OR ")})`);
    },
    close: () => database.close(),
  };
}

/** Questions of one cell of the table. */
const QUESTIONS = 40;

async function times(ask: (words: string[]) => unknown): Promise<string> {
  const taken: number[] = [];
  for (let count = 0; count < QUESTIONS; count += 1) {
    const start = performance.now();
    await ask(["the", WORDS[count % WORDS.length] ?? "", "in", "week", String(count)]);
    taken.push(performance.now() - start);
  }
  const sorted = taken.toSorted((a, b) => a - b);
  return [0.5, 0.95]
    .map((share) => (sorted[Math.floor(QUESTIONS * share)] ?? 0).toFixed(1))
    .join(" / ");
}

/** Ten of a thousand users are one in a hundred; none of them is one that ingest was measured with. */
const SOME = Array.from({ length: 10 }, (_, index) => CLIENTS + index);
const ONE = 2 * CLIENTS;

async function measure(name: string, options: ServeOptions, file?: string): Promise<void> {
  let server = await startStoreServer(options);
  say(`\n### ${name}\n`);
  const rate = await ingestRate(server);
  say(`Ingest, batches of 2, ${CLIENTS} clients: ${Math.round(rate)} messages/s\n`);
  say(
    "| turns | 100 turns p50 / p95 ms | one user p50 / p95 ms | 1 % p50 / p95 ms | all p50 / p95 ms | bare FTS5, one user | bare FTS5, all | fill, turns/s | longest block in ingest ms | in recall ms | open ms | memory MB | bytes a turn |",
  );
  say(`|${" --- |".repeat(13)}`);
  const bare = createBareIndex(join(folder, `${name.replaceAll(" ", "-")}-bare.db`));
  let filled = 0;
  for (const size of sizes.split(",").map(Number)) {
    await server.report();
    const began = performance.now();
    await fill(server, bare, filled, size);
    const speed = ((size - filled) / (performance.now() - began)) * 1000;
    filled = size;
    const { block: inIngest } = await server.report();
    const cell = async (lens?: string[][]): Promise<string> =>
      times(async (words) => call(server, "query", { query: words.join(" "), k: 10, lens }));
    const narrow = await cell([[thread(ONE)]]);
    const own = await cell([[`${user(ONE)}/*`]]);
    const some = await cell(SOME.map((index) => [`${user(index)}/*`]));
    const all = await cell();
    const { block: inRecall, memory } = await server.report();
    const bareNarrow = await times((words) => bare.find(words, [ONE]));
    const bareAll = await times((words) => bare.find(words));
    await server.close();
    server = await startStoreServer(options);
    const bytes =
      file === undefined ? "" : String(Math.round(statSync(file).size / (size + rate * SECONDS)));
    say(
      `| ${[size, narrow, own, some, all, bareNarrow, bareAll, ...[speed, inIngest, inRecall, server.opened, memory].map((value) => value.toFixed(0)), bytes].join(" | ")} |`,
    );
  }
  bare.close();
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
await measure("Embedded file", { ...options, data: folder }, join(folder, "memory.db"));
if (withPostgres !== undefined) {
  const postgres = await startTestPostgres({ durable: true });
  await measure("PostgreSQL", { ...options, database: postgres.url });
  await postgres.stop();
}
await rm(folder, { recursive: true, force: true });
const results = fileURLToPath(new URL("../results/", import.meta.url));
mkdirSync(results, { recursive: true });
writeFileSync(join(results, "store.md"), `${lines.join("\n")}\n`);
