// Watches the system calls of a writing process and counts the acknowledgements that no completed sync covers.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bundleProcesses } from "./bundle-processes.ts";

interface SyncOrder {
  acknowledged: number;
  syncs: number;
  /** Acknowledgements that were written before a sync had covered what they acknowledge. */
  uncovered: number;
}

/** What one batch carries, so that its bytes are found in what is written to the log. */
const MARK = /mark-\d+-\d+-end/g;

async function watchSyncs(acknowledgements: number): Promise<SyncOrder> {
  const bundle = await bundleProcesses("acknowledging-process");
  const folder = await mkdtemp(join(tmpdir(), "spectron-sync-"));
  try {
    const calls = join(folder, "calls");
    await promisify(execFile)(
      "strace",
      [
        "-fy",
        "-s8192",
        "-etrace=pwrite64,fsync,fdatasync,write",
        `-o${calls}`,
        process.execPath,
        bundle.file("acknowledging-process"),
        join(folder, "memory.db"),
        String(acknowledgements),
      ],
      { env: { ...process.env, ...bundle.env } },
    );
    return readCalls(await readFile(calls, "latin1"));
  } finally {
    for (const made of [folder, bundle.folder]) await rm(made, { recursive: true, force: true });
  }
}

/** Reads a trace in which each line is the start, the end or the whole of a call. */
function readCalls(trace: string): SyncOrder {
  /** Marks in the log that no sync has begun after, and by thread those that its sync will cover. */
  const written = new Set<string>();
  const covering = new Map<string, string[]>();
  const durable = new Set<string>();
  const report: SyncOrder = { acknowledged: 0, syncs: 0, uncovered: 0 };
  for (const line of trace.split("\n")) {
    const thread = line.slice(0, line.indexOf(" "));
    const isSync = /\bf(?:data)?sync\b/.test(line);
    if (/ pwrite64\(\d+<[^>]*-wal>/.test(line))
      for (const [mark] of line.matchAll(MARK)) written.add(mark);
    if (/ f(?:data)?sync\(\d+<[^>]*-wal>/.test(line)) {
      covering.set(thread, [...written]);
      written.clear();
    }
    if (isSync && line.endsWith(" = 0")) {
      report.syncs += 1;
      for (const mark of covering.get(thread) ?? []) durable.add(mark);
      covering.delete(thread);
    }
    const told = / write\(1<[^>]*>, "ack (mark-\d+-\d+-end)/.exec(line)?.[1];
    if (told === undefined) continue;
    report.acknowledged += 1;
    if (!durable.has(told)) report.uncovered += 1;
  }
  return report;
}

const report = await watchSyncs(Number(process.argv[2] ?? 1000));
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
if (report.uncovered > 0) process.exitCode = 1;
