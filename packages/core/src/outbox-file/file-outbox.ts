import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { OutboxRecord, OutboxSpill } from "../adapter/outbox-options.ts";
import { MemoryError } from "../client/errors.ts";
import { readLines, writeLine } from "./log-line.ts";
import { isAbandoned, thisProcess } from "./owner.ts";
import type { Owner } from "./owner.ts";

export interface FileOutboxOptions {
  /** Folder of the files, made when absent; several processes may share it. */
  directory: string;
  /** True waits for the disk on every write, which survives power loss too; without it a killed process loses nothing. @default false */
  sync?: boolean | undefined;
  /** Told of damaged lines, which are set aside. */
  onError?: ((error: MemoryError) => void) | undefined;
  /** How long a file without a sign of life belongs to its process, milliseconds. @default 300000 */
  silentMs?: number | undefined;
  /** Writes bytes; replaced by tests of a full disk. @default fs.writeSync */
  write?: ((fd: number, text: string) => void) | undefined;
}

export interface FileOutbox extends OutboxSpill {
  /** Closes the files; what they hold is for the next process. */
  close(): void;
}

interface Entry {
  service: string;
  put?: OutboxRecord | undefined;
  remove?: string | undefined;
}

const SILENT_MS = 300_000;
/** Size from which a file that is mostly of delivered writes is written anew. */
const COMPACT_BYTES = 1024 * 1024;

/**
 * Keeps undelivered writes of adapters in a folder, so that the next process delivers them. Each process appends to a
 * file of its own; the file of a process that ended is taken over by one other.
 */
export function fileOutbox(options: FileOutboxOptions): FileOutbox {
  const { directory, sync = false, silentMs = SILENT_MS } = options;
  const write = options.write ?? ((fd: number, text: string) => void writeSync(fd, text));
  const live = new Map<string, Entry>();
  /** What ended processes left, by service, until an adapter asks for it. */
  const found = new Map<string, OutboxRecord[]>();
  let file: { path: string; fd: number; bytes: number } | undefined;
  let isScanned = false;
  let timer: ReturnType<typeof setInterval> | undefined;

  const open = (): { path: string; fd: number; bytes: number } => {
    if (file !== undefined) return file;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, nameOf(thisProcess()));
    file = { path, fd: openSync(path, "ax", 0o600), bytes: 0 };
    timer = setInterval(touch, silentMs / 4).unref();
    return file;
  };

  const append = (entry: Entry): void => {
    try {
      const target = open();
      const line = writeLine(entry);
      try {
        write(target.fd, line);
        if (sync) fsyncSync(target.fd);
      } catch (error) {
        // part of the line may stand in the file; the next one must not be glued to it
        ftruncateSync(target.fd, target.bytes);
        throw error;
      }
      target.bytes += Buffer.byteLength(line);
    } catch (cause) {
      throw new MemoryError(
        "outbox_full",
        `The outbox folder cannot be written (${(cause as NodeJS.ErrnoException).code ?? "unknown"}). Writes go on in memory only.`,
        { cause },
      );
    }
  };

  /** Writes the live records to a new file and puts it in the place of the old one. */
  const compact = (): void => {
    const old = open();
    const path = join(directory, nameOf(thisProcess()));
    const temporary = `${path}.new`;
    const text = [...live.values()].map(writeLine).join("");
    const fd = openSync(temporary, "ax", 0o600);
    try {
      write(fd, text);
      fsyncSync(fd);
      renameSync(temporary, path);
    } catch (error) {
      closeSync(fd);
      unlinkSync(temporary);
      throw error;
    }
    file = { path, fd, bytes: Buffer.byteLength(text) };
    closeSync(old.fd);
    rmSync(old.path, { force: true });
  };

  /** A sign of life. A file that was taken over while this process was stopped is made anew. */
  const touch = (): void => {
    try {
      const now = new Date();
      if (file !== undefined && existsSync(file.path)) utimesSync(file.path, now, now);
      else if (file !== undefined) compact();
    } catch {
      // the next sign may succeed
    }
  };

  const shrink = (): void => {
    if (file === undefined) return;
    try {
      if (live.size === 0) {
        ftruncateSync(file.fd, 0);
        file.bytes = 0;
      } else if (file.bytes > COMPACT_BYTES) {
        let kept = 0;
        for (const entry of live.values()) kept += JSON.stringify(entry).length;
        if (kept < file.bytes / 2) compact();
      }
    } catch {
      // a file that stays long is no failure; the next delivery tries again
    }
  };

  /** Takes over the files of ended processes: copied into the own file first, then removed. */
  const scan = (): void => {
    if (isScanned) return;
    isScanned = true;
    open();
    const records: { service: string; record: OutboxRecord }[] = [];
    for (const name of readdirSync(directory)) {
      const owner = ownerOf(name);
      const path = join(directory, name);
      if (owner === undefined || path === file?.path) continue;
      const mine = takeOver(path, owner, silentMs);
      if (mine === undefined) continue;
      const text = readFileSync(mine, "utf8");
      const { entries, damaged } = readLines(text);
      for (const entry of remaining(entries as Entry[])) {
        // a process that ended while it compacted or took over leaves a record in two files
        if (live.has(entry.put.id)) continue;
        append(entry);
        live.set(entry.put.id, entry);
        records.push({ service: entry.service, record: entry.put });
      }
      if (damaged === 0) unlinkSync(mine);
      else {
        renameSync(mine, `${mine}.damaged`);
        options.onError?.(
          new MemoryError(
            "invalid_response",
            `${damaged} lines of an outbox file are damaged; the file was set aside in the outbox folder.`,
          ),
        );
      }
    }
    for (const { service, record } of records.toSorted((a, b) =>
      a.record.id < b.record.id ? -1 : 1,
    ))
      found.set(service, [...(found.get(service) ?? []), record]);
  };

  return {
    open(service) {
      scan();
      const records = found.get(service) ?? [];
      found.delete(service);
      return records;
    },
    put(record, service) {
      const entry: Entry = { service, put: record };
      append(entry);
      live.set(record.id, entry);
    },
    remove(id) {
      const entry = live.get(id);
      if (entry === undefined) return;
      live.delete(id);
      if (live.size > 0) append({ service: entry.service, remove: id });
      shrink();
    },
    close() {
      clearInterval(timer);
      if (file === undefined) return;
      closeSync(file.fd);
      if (live.size === 0) unlinkSync(file.path);
      file = undefined;
    },
  };
}

/** What was kept and not let go, oldest first, in its newest state. */
function remaining(entries: readonly Entry[]): (Entry & { put: OutboxRecord })[] {
  const kept = new Map<string, Entry & { put: OutboxRecord }>();
  for (const entry of entries) {
    if (entry.put !== undefined) kept.set(entry.put.id, { ...entry, put: entry.put });
    else if (entry.remove !== undefined) kept.delete(entry.remove);
  }
  return [...kept.values()];
}

function nameOf({ host, pid, begin }: Owner): string {
  return `outbox~${host}~${pid}~${begin}~${randomBytes(6).toString("hex")}.log`;
}

function ownerOf(name: string): Owner | undefined {
  const parts = /^outbox~([\w-]*)~(\d+)~(\d*)~[0-9a-f]+\.log(?:\.new)?$/.exec(name);
  return parts === null
    ? undefined
    : { host: parts[1] ?? "", pid: Number(parts[2]), begin: parts[3] ?? "" };
}

/** Renames the file of an ended process to one of this process; of several that try, one gets it. */
function takeOver(path: string, owner: Owner, silentMs: number): string | undefined {
  try {
    if (!isAbandoned(owner, path, { now: Date.now(), silentMs })) return undefined;
    const mine = join(path, "..", nameOf(thisProcess()));
    renameSync(path, mine);
    return mine;
  } catch {
    return undefined;
  }
}
