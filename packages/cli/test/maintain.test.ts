import { randomBytes } from "node:crypto";
import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgram } from "@spectron/cli";
import { embedded } from "@spectron/server";
import type { EmbeddedService } from "@spectron/server";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-cli-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(...words: string[]): Promise<{ text: string; failed: boolean }> {
  const lines: string[] = [];
  let failed = false;
  await createProgram({
    out: (line) => lines.push(line),
    error: (line) => lines.push(line),
    onStop: () => undefined,
    fail: () => (failed = true),
  }).parseAsync(words, { from: "user" });
  return { text: lines.join("\n"), failed };
}

async function open(name: string): Promise<EmbeddedService> {
  return embedded({ path: join(folder, name), context: "dev" });
}

async function store(service: EmbeddedService, text: string): Promise<void> {
  const answer = await call(service, "facts", { text, scopes: [["u/a"]] });
  expect(answer.status).toBe(200);
}

async function call(service: EmbeddedService, route: string, body: unknown): Promise<Response> {
  return service.fetch(`${service.url}/api/v1/dev/${route}`, {
    method: "POST",
    headers: { authorization: `Bearer ${service.apiKey}` },
    body: JSON.stringify(body),
  });
}

async function recalled(name: string): Promise<number> {
  const service = await open(name);
  const answer = await call(service, "query", { query: "number", k: 50 });
  await service.close();
  return ((await answer.json()) as { hits: unknown[] }).hits.length;
}

test("a backup taken while the memory is written is an exact prefix, and restores", async () => {
  const service = await open("live");
  await store(service, "number 0 of many");
  const writing = (async () => {
    for (let count = 1; count < 30; count += 1) await store(service, `number ${count} of many`);
  })();
  const made = await run("backup", join(folder, "copy.db"), "--data", join(folder, "live"));
  expect(made).toEqual({ text: `backed up to ${join(folder, "copy.db")}`, failed: false });
  await writing;
  await service.close();

  const restored = await run("restore", join(folder, "copy.db"), "--data", join(folder, "new"));
  expect(restored.failed).toBe(false);
  const verified = await run("verify", "--data", join(folder, "new"));
  expect(verified.failed).toBe(false);
  const kept = Number(/^turn: (\d+)$/m.exec(verified.text)?.[1]);
  expect(kept).toBeGreaterThanOrEqual(1);
  expect(kept).toBeLessThanOrEqual(30);
  const again = await open("new");
  const { hits } = (await (
    await call(again, "query", { query: "number of many", k: 50, family: "passages" })
  ).json()) as { hits: { text: string }[] };
  await again.close();
  const numbers = hits.map(({ text }) => Number(/number (\d+)/.exec(text)?.[1]));
  expect(numbers.toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: kept }, (_, index) => index),
  );
});

test("a backup is not put over a memory that is there, unless told, nor under a server", async () => {
  const service = await open("live");
  await store(service, "number one");
  await run("backup", join(folder, "copy.db"), "--data", join(folder, "live"));
  await store(service, "number two");
  const data = ["--data", join(folder, "live")];
  const held = await run("restore", join(folder, "copy.db"), ...data, "--replace");
  expect(held).toMatchObject({ failed: true, text: expect.stringContaining("in use") });
  await service.close();
  expect(held.text).toContain(`in use by this process already (pid ${process.pid})`);
  expect((await run("restore", join(folder, "copy.db"), ...data)).text).toContain(
    "exists. Use --replace",
  );
  // neither a copy half made nor a file that others may read is left
  for (const place of [folder, join(folder, "live")])
    for (const name of (await readdir(place)).filter((entry) => entry.includes(".db"))) {
      expect(name).not.toContain(".partial");
      expect([name, statSync(join(place, name)).mode & 0o077]).toEqual([name, 0]);
    }
  expect(await recalled("live")).toBe(2);
  expect((await run("restore", join(folder, "copy.db"), ...data, "--replace")).failed).toBe(false);
  expect(await recalled("live")).toBe(1);
});

test("verify says what is damaged, and a damaged backup is refused", async () => {
  const service = await open("live");
  for (let count = 0; count < 40; count += 1) await store(service, `number ${count} of many`);
  await run("backup", join(folder, "copy.db"), "--data", join(folder, "live"));
  await service.close();
  const file = openSync(join(folder, "copy.db"), "r+");
  const { size } = statSync(join(folder, "copy.db"));
  for (let offset = 8192; offset < size; offset += 4096)
    writeSync(file, randomBytes(64), 0, 64, offset + 3000);
  closeSync(file);
  const refused = await run("restore", join(folder, "copy.db"), "--data", join(folder, "new"));
  expect(refused).toMatchObject({ failed: true, text: expect.stringContaining("damaged") });
});

test("a folder without a memory and a database that is none are told apart in words", async () => {
  expect((await run("verify", "--data", join(folder, "none"))).text).toContain("There is no file");
  expect((await run("verify", "--database", "mysql://x")).text).toContain("postgres:// URL");
  expect((await run("serve", "--data", folder, "--database", "postgres://x")).text).toContain(
    "only one of them",
  );
});
