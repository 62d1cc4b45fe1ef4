import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSpectron } from "@spectron/core";
import { embedded, serve } from "@spectron/server";
import type { RunningServer } from "@spectron/server";
import { afterEach, beforeEach, expect, test } from "vitest";

const KEY = "a-key-of-my-own-1";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-serving-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function meStatus({ url, context }: RunningServer, key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}` };
  return (await fetch(`${url}/api/v1/${context}/me`, { headers })).status;
}

test("a start that finds its port taken makes no key, so the next one still shows it", async () => {
  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const { port } = squatter.address() as AddressInfo;
  await expect(serve({ data: folder, port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  squatter.close();
  const server = await serve({ data: folder, port: 0 });
  expect(await meStatus(server, server.newApiKey ?? "")).toBe(200);
  await server.close();
});

test("a key of one's own holds for the run that it was given to, beside the first one", async () => {
  const first = await serve({ data: folder, port: 0 });
  const shown = first.newApiKey ?? "";
  expect(await meStatus(first, KEY)).toBe(401);
  await first.close();

  const given = await serve({ data: folder, port: 0, apiKey: KEY });
  expect(given.newApiKey).toBeUndefined();
  expect(await meStatus(given, KEY)).toBe(200);
  expect(await meStatus(given, shown)).toBe(200);
  expect(await meStatus(given, `${KEY}2`)).toBe(401);
  expect(await meStatus({ ...given, context: "other" }, KEY)).toBe(401);
  await given.close();

  const after = await serve({ data: folder, port: 0 });
  expect(await meStatus(after, KEY)).toBe(401);
  expect(await meStatus(after, shown)).toBe(200);
  await after.close();
});

test("a memory that was only served with a key of one's own shows its first key later", async () => {
  await (await serve({ data: folder, port: 0, apiKey: KEY })).close();
  const server = await serve({ data: folder, port: 0 });
  expect(server.newApiKey).toMatch(/^sp-first-/);
  await server.close();
});

test("a new key takes the place of the first one, for good", async () => {
  const first = await serve({ data: folder, port: 0 });
  await first.close();
  const second = await serve({ data: folder, port: 0, newKey: true });
  await second.close();
  const third = await serve({ data: folder, port: 0 });
  expect(third.newApiKey).toBeUndefined();
  expect(await meStatus(third, second.newApiKey ?? "")).toBe(200);
  expect(await meStatus(third, first.newApiKey ?? "")).toBe(401);
  await third.close();
});

test.each([
  ["a short key", { apiKey: "hello" }, /16 to 512/],
  ["a key with a space", { apiKey: "a key that is long enough" }, /without spaces/],
  ["a context with a space", { context: "a b" }, /letters, digits/],
  ["a context that is a route", { context: "health" }, /and not contexts, health/],
])("%s is refused before anything is opened", async (_, options, message) => {
  await expect(serve({ data: folder, port: 0, ...options })).rejects.toThrow(message);
  expect(await readdir(folder)).toEqual([]);
});

test("what is embedded and then served is found without naming a context", async () => {
  const spectron = createSpectron(await embedded({ path: folder }));
  await spectron.facts.add({ text: "I live in Braga.", scopes: [["u/a"]] });
  await spectron.close();
  const server = await serve({ data: folder, port: 0, apiKey: KEY });
  const served = createSpectron({ url: server.url, apiKey: KEY, context: server.context });
  const { hits } = await served.query({ query: "Where do I live?", lens: [["u/a"]] });
  expect(hits.map(({ text }) => text).join("\n")).toContain("Braga");
  await server.close();
});

test.each([
  ["no options", []],
  ["a path alone", ["memory.db"]],
  ["options that name no place", [{}]],
  ["two places", [{ path: "memory.db", database: "postgres://x" }]],
])("embedded with %s says how to name a place", async (_, args) => {
  const withoutTypes = embedded as (...args: unknown[]) => Promise<unknown>;
  await expect(withoutTypes(...args)).rejects.toMatchObject({
    code: "validation_failed",
    message: expect.stringContaining('path: "./memory.db"'),
  });
});

test("memory without a file is refused instead of kept in a file of that name", async () => {
  await expect(embedded({ path: ":memory:" })).rejects.toThrow(/in a temporary folder/);
});

test("health is where load balancers look for it, too", async () => {
  const service = await embedded({ path: folder });
  for (const path of ["/health", "/api/v1/health"]) {
    const response = await service.fetch(`${service.url}${path}`);
    expect(await response.json()).toMatchObject({ status: "ok", name: "spectron" });
  }
  await service.close();
});
