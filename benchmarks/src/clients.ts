// node --conditions=@spectron/source benchmarks/src/clients.ts [conversations.jsonl] [clients]
// Latency of /query and /context with several clients at once, against a server in a process of its own, beside a bare
// HTTP server that answers the same bytes; the table goes to results/clients.md when a file is named.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readConversations } from "./conversations.ts";
import type { Conversation } from "./conversations.ts";

const API_KEY = "sp-bench-0123456789abcdef0123456789abcdef";
const SAMPLE = fileURLToPath(new URL("../data/sample.jsonl", import.meta.url));
const CLI = fileURLToPath(new URL("../../packages/cli/src/bin.ts", import.meta.url));
/** Questions asked before anything is measured, and the least number that is measured. */
const WARM_UP = 300;
const MEASURED = 1200;
/** Hits that are asked for, the most there are. */
const K = 50;
/** Answers with the body that follows the first line of its input, whatever it is asked. */
const BARE = `import { createServer } from "node:http"; import { readFileSync } from "node:fs";
  const body = readFileSync(0); const server = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end(body)); });
  server.listen(0, "127.0.0.1", () => console.log("listening on http://127.0.0.1:" + server.address().port));`;

interface Server {
  url: string;
  /** Processor time that it has used, in milliseconds; NaN where the system does not tell. */
  cpu(): number;
  stop(): Promise<void>;
}

const [file, clients = "4"] = process.argv.slice(2);
const conversations = readConversations(file ?? SAMPLE);
const turns = conversations.map(({ sessions }) =>
  sessions.reduce((sum, session) => sum + session.turns.length, 0),
);
const lines: string[] = [];
const say = (line: string): void => {
  lines.push(line);
  console.log(line);
};
say("# Recall with several clients\n");
say(
  `Node ${process.version}, ${cpus().length} cores shared with the clients, load average at the start ${loadavg()
    .map((value) => value.toFixed(1))
    .join(
      ", ",
    )}. ${conversations.length} conversations of ${Math.min(...turns)} to ${Math.max(...turns)} turns, each in a scope of its own; ${clients} clients ask without a pause for ${K} hits.\n`,
);
say("| answered by | p50 ms | p95 ms | CPU of the server, ms a question |");
say("| --- | --- | --- | --- |");
const folder = await mkdtemp(join(tmpdir(), "spectron-bench-"));
const service = await start([
  "--conditions=@spectron/source",
  "--no-warnings",
  CLI,
  "serve",
  "--data",
  folder,
  "--port",
  "0",
  "--context",
  "dev",
  "--api-key",
  API_KEY,
]);
for (const conversation of conversations) await fill(service, conversation);
for (const route of ["query", "context"]) await row(`/${route}`, service, route);
const [first] = conversations;
const asked = first?.questions[0];
const body =
  first === undefined || asked === undefined ? "" : await ask(service, "query", first, asked.text);
await service.stop();
const bare = await start(["--input-type=module", "--eval", BARE], body);
await row("a bare server, the bytes of one /query answer", bare, "query");
await bare.stop();
await rm(folder, { recursive: true, force: true });
if (file !== undefined) {
  const results = fileURLToPath(new URL("../results/", import.meta.url));
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "clients.md"), `${lines.join("\n")}\n`);
}

async function row(name: string, server: Server, route: string): Promise<void> {
  const questions = conversations.flatMap((conversation) =>
    conversation.questions.map(({ text }) => ({ conversation, text })),
  );
  let next = 0;
  const run = async (count: number): Promise<number[]> => {
    const times: number[] = [];
    const end = next + count;
    const client = async (): Promise<void> => {
      while (next < end) {
        const question = questions[next % questions.length];
        next += 1;
        if (question === undefined) return;
        const started = performance.now();
        await ask(server, route, question.conversation, question.text);
        times.push(performance.now() - started);
      }
    };
    await Promise.all(Array.from({ length: Number(clients) }, client));
    return times.toSorted((a, b) => a - b);
  };
  await run(WARM_UP);
  const before = server.cpu();
  const times = await run(MEASURED);
  const cpu = (server.cpu() - before) / times.length;
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  say(`| ${name} | ${at(0.5)} | ${at(0.95)} | ${cpu.toFixed(2)} |`);
}

async function start(options: readonly string[], input = ""): Promise<Server> {
  const child = spawn(process.execPath, [...options], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(input);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listening on (\S+)/.exec(line)?.[1];
    if (url !== undefined)
      return { url, cpu: () => processorTime(child), stop: async () => stop(child) };
  }
  throw new Error("The server ended before it was ready.");
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGINT");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

function processorTime(child: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    // user and system time, in hundredths of a second
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.NaN;
  }
}

async function fill(server: Server, { id, sessions }: Conversation): Promise<void> {
  for (const session of sessions)
    for (let at = 0; at < session.turns.length; at += 100)
      await post(server, "facts/batch", {
        scopes: [[`conversation/${id}`]],
        messages: session.turns.slice(at, at + 100).map(({ who, text, ts }) => ({
          role: who === "assistant" ? "assistant" : "user",
          content: ["user", "assistant"].includes(who) ? text : `${who}: ${text}`,
          ts,
        })),
      });
}

async function ask(
  server: Server,
  route: string,
  conversation: Conversation,
  query: string,
): Promise<string> {
  return post(server, route, { query, k: K, lens: [[`conversation/${conversation.id}`]] });
}

async function post(server: Server, route: string, content: unknown): Promise<string> {
  const response = await fetch(`${server.url}/api/v1/dev/${route}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify(content),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${route}: ${response.status}`);
  return answer;
}
