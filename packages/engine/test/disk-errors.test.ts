import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { createEngine, openSqliteStore, verifySqliteFile } from "@spectron/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleProcesses } from "./bundle-processes.ts";
import type { AfterFailure, DiskStory } from "./disk-process.ts";
import { readBatches, storeBatch, WAVES, WEIGHT } from "./keyed-batches.ts";
import { KEY } from "./principal.ts";

/** Failing system calls; raise it for a long run. */
const DISK_ERRORS = Number(process.env["SPECTRON_DISK_ERRORS"] ?? 20);

const SYNCS = "fsync,fdatasync";
/** SQLite tells a page that the disk cannot read as one that is damaged. */
const UNREADABLE = ["store_corrupt", "store_unavailable"];
/** Processes that run at a time. */
const LANES = 2;

interface Kind {
  calls: "pread64" | "pwrite64" | typeof SYNCS;
  error: "EIO" | "ENOSPC";
  /** One call, or all from it on. */
  lasting?: boolean;
  after: AfterFailure;
  /** What callers may be told. */
  codes: readonly string[];
}

const KINDS: readonly Kind[] = [
  { calls: "pwrite64", error: "EIO", after: "again", codes: ["store_unavailable"] },
  { calls: SYNCS, error: "EIO", after: "again", codes: ["store_failed"] },
  { calls: "pread64", error: "EIO", after: "again", codes: UNREADABLE },
  { calls: "pwrite64", error: "ENOSPC", after: "again", codes: ["storage_full"] },
  { calls: "pwrite64", error: "EIO", after: "kill", codes: ["store_unavailable"] },
  { calls: SYNCS, error: "EIO", after: "kill", codes: ["store_failed"] },
  { calls: "pwrite64", error: "EIO", lasting: true, after: "close", codes: ["store_unavailable"] },
  { calls: SYNCS, error: "ENOSPC", lasting: true, after: "close", codes: ["store_failed"] },
  { calls: "pread64", error: "EIO", lasting: true, after: "close", codes: UNREADABLE },
  { calls: "pwrite64", error: "ENOSPC", lasting: true, after: "kill", codes: ["storage_full"] },
];

let folder: string;
let processes: Awaited<ReturnType<typeof bundleProcesses>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-errors-"));
  processes = await bundleProcesses("disk-process");
});
afterAll(async () => {
  for (const made of [folder, processes.folder]) await rm(made, { recursive: true, force: true });
});

/** Runs the process with some of its calls on the file made to fail; tells the trace of those calls too. */
async function run(
  path: string,
  inject: readonly string[],
  after: AfterFailure = "again",
): Promise<{ story: DiskStory; calls: Call[]; ended: string | number; stderr: string }> {
  const file = `${path}.calls`;
  const child = spawn(
    "strace",
    [
      "-fyqq",
      "--seccomp-bpf",
      `-o${file}`,
      ...["", "-wal", "-shm", "-journal"].map((suffix) => `-P${path}${suffix}`),
      "-etrace=openat,pread64,pwrite64,fsync,fdatasync",
      ...inject,
      process.execPath,
      processes.file("disk-process"),
      path,
      after,
    ],
    { env: { ...process.env, ...processes.env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number | null, string | null]>,
  ]);
  const calls = readCalls(await readFile(file, "latin1"));
  const story = JSON.parse(stdout || '{"wrong":["no story"]}') as DiskStory;
  return { story, calls, ended: signal ?? code ?? "", stderr };
}

/** One call of one thread, whole: the trace breaks a line where another thread's call comes between. */
interface Call {
  thread: string;
  name: string;
  /** Ending of the file's name after that of the database. */
  file: string;
  isInjected: boolean;
}

function readCalls(trace: string): Call[] {
  const begun = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of trace.split("\n")) {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith("<unfinished ...>")) {
      begun.set(thread, rest);
      continue;
    }
    const whole = rest.startsWith("<... ") ? `${begun.get(thread)}${rest}` : rest;
    const [, name, file] =
      /^(\w+)\((?:\d+<|AT_FDCWD[^"]*")[^>"]*\.db([^>"]*)[>"]/.exec(whole) ?? [];
    if (name === undefined || file === undefined) continue;
    calls.push({ thread, name, file, isInjected: whole.includes("(INJECTED)") });
  }
  return calls;
}

/** Most calls of each kind that one thread makes. */
function countCalls(calls: readonly Call[]): Map<string, number> {
  const counts = new Map<string, number>();
  const most = new Map<string, number>();
  for (const { thread, name } of calls) {
    const count = (counts.get(`${thread} ${name}`) ?? 0) + 1;
    counts.set(`${thread} ${name}`, count);
    most.set(name, Math.max(most.get(name) ?? 0, count));
  }
  return most;
}

/** What each thread does after a sync of the log failed that a commit waited for: one that follows a write to the log. */
function readAfterFailedCommits(calls: readonly Call[]): Call[][] {
  return calls.flatMap(({ thread, name, file, isInjected }, index) => {
    if (!isInjected || !SYNCS.includes(name) || file !== "-wal") return [];
    const before = calls.slice(0, index).findLast((call) => call.thread === thread);
    const isOfCommit = before?.name === "pwrite64" && before.file === "-wal";
    return isOfCommit ? [calls.slice(index + 1).filter((call) => call.thread === thread)] : [];
  });
}

/** Whether a log was written to before its file was opened again. */
function goesOn(calls: readonly Call[]): boolean {
  const next = calls.find(
    ({ name, file }) =>
      (name === "openat" && file === "") || (name === "pwrite64" && file === "-wal"),
  );
  return next?.name === "pwrite64";
}

/** What is wrong with what is there, and with what can be stored now. */
async function inspect(path: string, { acknowledged }: DiskStory): Promise<string[]> {
  const engine = createEngine({ store: await openSqliteStore({ path }) });
  await engine.bootstrap(KEY);
  const kept = await readBatches(engine, acknowledged);
  for (const key of WAVES.flat()) await storeBatch(engine, key, WEIGHT);
  const whole = await readBatches(engine, WAVES.flat());
  await engine.close();
  const { problems } = await verifySqliteFile(path);
  return [
    ...[kept, whole].flatMap(({ lost, torn, doubled }) => [
      ...lost.map((key) => `lost ${key}`),
      ...torn.map((key) => `torn ${key}`),
      ...doubled.map((key) => `doubled ${key}`),
    ]),
    ...(whole.found.size === WAVES.flat().length ? [] : ["there is what nobody was told of"]),
    ...problems.map(({ rule }) => `broken rule: ${rule}`),
  ];
}

/** Makes one call fail, or all from one on; answers with what is wrong with what came of it. */
async function failAt(kind: Kind, at: number, path: string): Promise<string[]> {
  const { error, lasting = false, after, codes } = kind;
  const when = `${at}${lasting ? "+" : ""}`;
  const { story, calls, ended, stderr } = await run(
    path,
    [`-einject=${kind.calls}:error=${error}:when=${when}`],
    after,
  );
  // how writers share transactions varies, and with it how many calls there are
  const failed = calls.filter(({ isInjected }) => isInjected);
  if (failed.length === 0) return failAt(kind, Math.ceil(at / 2), path.replace(".db", "-.db"));
  const wrong = [...story.wrong, ...(stderr === "" ? [] : [stderr])];
  if (ended !== (after === "kill" ? "SIGKILL" : 0)) wrong.push(`ended with ${ended}`);
  // what the index of the log cannot be told of is told by the room that there is, and here there is room
  const isToldByRoom = failed.some(({ file }) => file === "-shm");
  const allowed = isToldByRoom ? [...codes, "store_unavailable"] : codes;
  for (const code of story.failures) if (!allowed.includes(code)) wrong.push(`told as ${code}`);
  const afterFailedCommits = readAfterFailedCommits(calls);
  if (afterFailedCommits.some(goesOn)) wrong.push("went on after a failed sync of a commit");
  if (afterFailedCommits.length === 0 && story.stops > 0) wrong.push("stopped for nothing");
  if (after === "again" && story.acknowledged.length !== WAVES.flat().length)
    wrong.push("not all was stored in the end");
  wrong.push(...(await inspect(path, story)));
  return wrong.map((what) => `${kind.calls} ${error} at ${when}, then ${after}: ${what}`);
}

test(
  "a call of the system that fails loses nothing, tears nothing, and stops writes only if it was the sync of a commit",
  { timeout: 3_600_000 },
  async (ctx) => {
    await promisify(execFile)("strace", ["-f", "-qq", "-o/dev/null", "true"]).catch(() => {
      ctx.skip("This system lets no test trace the system calls of a process (strace).");
    });
    const { story, calls, ended, stderr } = await run(join(folder, "whole.db"), []);
    expect([ended, stderr]).toEqual([0, ""]);
    expect(story).toEqual({ acknowledged: WAVES.flat(), failures: [], stops: 0, wrong: [] });
    const counts = countCalls(calls);
    const wrong: string[] = [];
    const depths = Math.ceil(DISK_ERRORS / KINDS.length);
    const rounds = Array.from({ length: DISK_ERRORS }, (_, round) => round).values();
    const lane = async (): Promise<void> => {
      for (const round of rounds) {
        const kind = KINDS[round % KINDS.length] as Kind;
        const most = Math.max(...kind.calls.split(",").map((name) => counts.get(name) ?? 0));
        const at = Math.ceil((most * (Math.floor(round / KINDS.length) + 0.5)) / depths);
        wrong.push(...(await failAt(kind, at, join(folder, `${round}.db`))));
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(wrong).toEqual([]);
  },
);
