import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve, verify } from "@spectron/server";
import { mountSmallDisk } from "@spectron/testing";
import { expect, test } from "vitest";
import { API_KEY, startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

async function ask({ url }: { url: string }, path: string, body?: object, key?: string) {
  const response = await fetch(`${url}/api/v1/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${API_KEY}`,
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    retryAfter: response.headers.get("retry-after"),
    replayed: response.headers.get("idempotency-replayed"),
    body: (await response.json()) as Record<string, unknown>,
  };
}

type Answer = Awaited<ReturnType<typeof ask>>;

async function openSession(server: { url: string }): Promise<string> {
  const made = await ask(server, "dev/sessions", { scopes: [["org/acme/user/alice"]] });
  return made.body["id"] as string;
}

/** Stores messages in a session until one is refused; answers with its key and the refusal. */
async function storeUntilRefused(
  server: ServerProcess,
  session: string,
): Promise<{ stored: number; key: string; refusal: Answer }> {
  for (let count = 0; ; count += 1) {
    const key = `message-${count}`;
    const answer = await store(server, session, key);
    if (answer.status !== 200) return { stored: count, key, refusal: answer };
  }
}

async function store(server: { url: string }, session: string, key: string): Promise<Answer> {
  const message = { role: "user", content: `This is ${key}.`, parts: { weight: "x".repeat(9000) } };
  return ask(server, "dev/facts/batch", { session_id: session, messages: [message] }, key);
}

async function stop({ child }: ServerProcess): Promise<unknown> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  return ended;
}

test(
  "a server whose disk is full answers 507 to writes, and takes them again when there is room",
  { timeout: 120_000 },
  async (ctx) => {
    const disk = mountSmallDisk(8);
    if (typeof disk === "string") return ctx.skip(disk);
    try {
      const log: string[] = [];
      const server = await startServer(["--data", disk.folder, "--port", "0"], {
        onLog: (text) => log.push(text),
      });
      const session = await openSession(server);
      disk.fill(300_000);
      const { stored, key, refusal } = await storeUntilRefused(server, session);
      expect(stored).toBeGreaterThan(0);
      expect(refusal).toMatchObject({
        status: 507,
        type: "application/problem+json",
        body: { status: 507, code: "storage_full", type: expect.stringContaining("storage") },
      });
      expect(log.join("")).toContain("storage_full: The disk that holds the memory is full.");
      expect(await ask(server, "dev/query", { query: "message" })).toMatchObject({ status: 200 });
      expect(await ask(server, "health")).toMatchObject({ status: 200, body: { status: "ok" } });
      disk.makeRoom();
      expect(await store(server, session, key)).toMatchObject({ status: 200, replayed: null });
      expect(await store(server, session, key)).toMatchObject({ status: 200, replayed: "true" });
      expect(await ask(server, `dev/sessions/${session}`)).toMatchObject({
        body: { turnCount: stored + 1 },
      });
      expect(await stop(server)).toEqual([0, null]);
      expect(await verify({ path: disk.folder })).toMatchObject({ ok: true });
    } finally {
      disk.remove();
    }
  },
);

test(
  "a server whose disk fails a sync takes no more writes, says so in its health and its log, and restarts whole",
  { timeout: 120_000 },
  async (ctx) => {
    try {
      execFileSync("strace", ["-f", "-qq", "-o/dev/null", "true"]);
    } catch {
      return ctx.skip("This system lets no test trace the system calls of a process (strace).");
    }
    const folder = await mkdtemp(join(tmpdir(), "spectron-sync-"));
    try {
      const options = { data: folder, port: 0, apiKey: API_KEY };
      const first = await serve(options);
      const session = await openSession(first);
      await first.close();
      const log: string[] = [];
      const failing = await startServer(["--data", folder, "--port", "0"], {
        onLog: (text) => log.push(text),
        through: [
          "strace",
          "-Dfqq",
          "--seccomp-bpf",
          "-o/dev/null",
          `-P${join(folder, "memory.db-wal")}`,
          "-etrace=fsync,fdatasync",
          "-einject=fsync,fdatasync:error=EIO:when=6+",
        ],
      });
      const { stored, key, refusal } = await storeUntilRefused(failing, session);
      expect(stored).toBeGreaterThan(0);
      const stopped = {
        status: 503,
        type: "application/problem+json",
        retryAfter: "1",
        body: { status: 503, code: "store_failed" },
      };
      expect(refusal).toMatchObject(stopped);
      expect(await store(failing, session, "later")).toMatchObject(stopped);
      expect(await ask(failing, "health")).toMatchObject(stopped);
      expect(log.join("")).toContain("store_failed: The disk failed while memory was written");
      expect(await ask(failing, `dev/sessions/${session}`)).toMatchObject({
        status: 200,
        body: { turnCount: stored },
      });
      expect(await stop(failing)).toEqual([0, null]);
      const second = await serve(options);
      expect(await ask(second, "health")).toMatchObject({ status: 200 });
      expect(await store(second, session, key)).toMatchObject({ status: 200 });
      expect(await store(second, session, "later")).toMatchObject({ status: 200 });
      expect(await ask(second, `dev/sessions/${session}`)).toMatchObject({
        body: { turnCount: stored + 2 },
      });
      await second.close();
      expect(await verify({ path: folder })).toMatchObject({ ok: true });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
