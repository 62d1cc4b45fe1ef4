import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@spectron/server";
import type { EmbeddedService } from "@spectron/server";
import { afterEach, expect, test } from "vitest";

const open: { service: EmbeddedService; folder: string }[] = [];
afterEach(async () => {
  for (const { service, folder } of open.splice(0)) {
    await service.close();
    await rm(folder, { recursive: true, force: true });
  }
});

async function start(tagDimensions?: string[]): Promise<EmbeddedService> {
  const folder = await mkdtemp(join(tmpdir(), "spectron-wire-"));
  const service = await embedded({
    path: join(folder, "memory.db"),
    context: "dev",
    tagDimensions,
    now: () => Date.parse("2026-06-01T09:00:00Z"),
  });
  open.push({ service, folder });
  return service;
}

async function call(
  service: EmbeddedService,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { authorization: `Bearer ${service.apiKey}` },
): Promise<Record<string, unknown>> {
  const response = await service.fetch(`${service.url}/api/v1/dev/${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  expect([200, 201]).toContain(response.status);
  return JSON.parse(text) as Record<string, unknown>;
}

/** The same conversation, as clients of four generations write and ask it; tags or one joined path. */
const GENERATIONS: Record<
  string,
  (service: EmbeddedService, joined: boolean) => Promise<Record<string, unknown>>
> = {
  W0: async (service) => {
    const key = { "API-KEY": service.apiKey };
    const scope = { org: "acme", user: "alice" };
    const session = await call(service, "POST", "sessions", { scope }, key);
    const path = `sessions/${String(session["id"])}/turns`;
    await call(service, "POST", path, { role: "user", content: "I live in Braga." }, key);
    await call(service, "POST", path, { role: "assistant", content: "Nice." }, key);
    return call(service, "POST", "query", { query: "Where do I live?", scope, limit: 5 }, key);
  },
  W1: async (service) => {
    const key = { "API-KEY": service.apiKey };
    const scope = ["org=acme", "user=alice"];
    const session = await call(service, "POST", "sessions", { scope }, key);
    const messages = [
      { role: "user", content: "I live in Braga." },
      { role: "assistant", content: "Nice." },
    ];
    await call(service, "POST", "facts/batch", { session_id: session["id"], scope, messages }, key);
    return call(service, "POST", "query", { query: "Where do I live?", scope, limit: 5 }, key);
  },
  W2: async (service, joined) => {
    const scopes = joined ? [["org/acme/user/alice"]] : [["org/acme", "user/alice"]];
    const session = await call(service, "POST", "sessions", { scopes });
    const messages = [
      { role: "user", content: "I live in Braga." },
      { role: "assistant", content: "Nice." },
    ];
    await call(service, "POST", "facts/batch", { session_id: session["id"], scopes, messages });
    return call(service, "POST", "query", { query: "Where do I live?", lens: scopes, k: 5 });
  },
  W3: async (service, joined) => {
    const scopes = joined ? [["org/acme/user/alice"]] : [["org/acme", "user/alice"]];
    const headers = {
      authorization: `Bearer ${service.apiKey}`,
      "api-version": "3",
      "user-agent": "surrealdb-memory-js/1.0",
    };
    const session = await call(service, "POST", "sessions", { scopes }, headers);
    const messages = [
      { role: "user", content: "I live in Braga.", addressees: ["assistant"] },
      { role: "assistant", content: "Nice." },
    ];
    const body = { sessionId: session["id"], scopes, messages };
    await call(service, "POST", "facts/batch", body, headers);
    const query = { query: "Where do I live?", lens: scopes, k: 5, scopeView: "merged" };
    return call(service, "POST", "query", query, headers);
  },
};

/** What is stored and found, without ids. */
async function records(service: EmbeddedService, answer: Record<string, unknown>) {
  const { sessions } = (await call(service, "GET", "sessions")) as {
    sessions: { id: string; scopes: unknown }[];
  };
  const [session] = sessions;
  const { turns } = (await call(service, "GET", `sessions/${session?.id}/turns`)) as {
    turns: { role: string; content: string; seq: number }[];
  };
  const state = (await call(service, "GET", "state")) as {
    identity: { attributes: { key: string; value: string; memoryCategory: string }[] };
  };
  return {
    scopes: session?.scopes,
    turns: turns.map(({ role, content, seq }) => ({ role, content, seq })),
    attributes: state.identity.attributes.map(({ key, value, memoryCategory }) => ({
      key,
      value,
      memoryCategory,
    })),
    hits: (answer["hits"] as { source: string; text: string }[]).map(({ source, text }) => ({
      source,
      text,
    })),
  };
}

test.each([
  ["with tags as they are", undefined, [["org/acme", "user/alice"]]],
  ["with tags joined into one path", ["org", "user"], [["org/acme/user/alice"]]],
])("clients of four generations leave the same records, %s", async (_, dimensions, scopes) => {
  const seen: unknown[] = [];
  for (const generation of Object.values(GENERATIONS)) {
    const service = await start(dimensions);
    seen.push(await records(service, await generation(service, dimensions !== undefined)));
  }
  expect(seen[0]).toMatchObject({
    scopes,
    turns: [{ seq: 1 }, { seq: 2 }],
    attributes: [{ key: "home_city", value: "Braga" }],
  });
  for (const other of seen.slice(1)) expect(other).toEqual(seen[0]);
});
