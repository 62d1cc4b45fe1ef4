import { describe, expect, test } from "vitest";
import { createAdmin } from "../src/client/admin.ts";
import type { Admin } from "../src/client/admin.ts";
import { createChat } from "../src/client/chat.ts";
import type { Chat } from "../src/client/chat.ts";
import { createSpectron, walk } from "../src/index.ts";
import type { Spectron } from "../src/index.ts";
import { json, stageService } from "./staged-service.ts";

interface Handles {
  spectron: Spectron;
  admin: Admin;
  chat: Chat;
}

/** Has the field that each answer is recognised by. */
const anything = {
  id: "x",
  turns: [],
  turnIds: [],
  sessionId: "s",
  hits: [],
  context: "",
  reply: "",
  reflection: "",
  traces: [],
  tierCounts: {},
};
const lens = [["org/acme/user/alice"]];
const lensText = encodeURIComponent(JSON.stringify(lens));
const key = { idempotencyKey: "k" };
const at = "2026-06-01T00:00:00Z";

type Row = [wanted: string, call: (handles: Handles) => Promise<unknown>, body?: unknown];

const rows: Row[] = [
  ["GET /api/v1/health", async ({ spectron }) => spectron.health()],
  ["GET me", async ({ spectron }) => spectron.me()],
  [
    "POST sessions",
    async ({ spectron }) => spectron.sessions.create({ scopes: lens, externalId: "t-1" }, key),
    { scopes: lens, externalId: "t-1" },
  ],
  ["GET sessions/a%2Fb%20%3F", async ({ spectron }) => spectron.sessions.get("a/b ?")],
  [
    `GET sessions?status=open&externalId=t-1&lens=${lensText}&limit=5&cursor=c`,
    async ({ spectron }) =>
      spectron.sessions.list({ status: "open", externalId: "t-1", lens, limit: 5, cursor: "c" }),
  ],
  ["DELETE sessions/s", async ({ spectron }) => spectron.sessions.close("s")],
  [
    "DELETE sessions/s?purge=true",
    async ({ spectron }) => spectron.sessions.close("s", { purge: true }),
  ],
  [
    "GET sessions/s/turns?parts=true&order=desc&clientId=m-1&includeRevised=true&limit=2&offset=4",
    async ({ spectron }) =>
      spectron.sessions.turns("s", {
        parts: true,
        order: "desc",
        clientId: "m-1",
        includeRevised: true,
        limit: 2,
        offset: 4,
      }),
  ],
  [
    "GET sessions/s/turns/turn%3A1?parts=true",
    async ({ spectron }) => spectron.sessions.turn("s", "turn:1", { parts: true }),
  ],
  [
    "DELETE sessions/s/turns/t?purge=true",
    async ({ spectron }) => spectron.sessions.retract("s", "t", { purge: true, ...key }),
  ],
  [
    "POST sessions/s/turns",
    async ({ spectron }) => spectron.sessions.append("s", { role: "user", content: "hi" }, key),
    { role: "user", content: "hi" },
  ],
  [
    "POST sessions/s/context",
    async ({ spectron }) => spectron.sessions.context("s", { query: "q", k: 3, maxTokens: 100 }),
    { query: "q", k: 3, maxTokens: 100 },
  ],
  [
    "POST facts",
    async ({ spectron }) =>
      spectron.facts.add(
        { text: "t", session_id: "s", memory_category: "identity", observed_at: at, scopes: lens },
        key,
      ),
    { text: "t", session_id: "s", memory_category: "identity", observed_at: at, scopes: lens },
  ],
  [
    "POST facts/batch",
    async ({ spectron }) =>
      spectron.facts.batch(
        { messages: [{ role: "user", content: "c", ts: at }], session_id: "s", scopes: lens },
        key,
      ),
    { messages: [{ role: "user", content: "c", ts: at }], session_id: "s", scopes: lens },
  ],
  [
    "POST query",
    async ({ spectron }) =>
      spectron.query({
        query: "q",
        k: 5,
        mode: "hybrid",
        include: ["facts"],
        sessionId: "s",
        lens,
        labels: ["team=a"],
        asOf: at,
        validFrom: at,
        validUntil: at,
        includeDuplicates: true,
        source: "test",
      }),
    {
      query: "q",
      k: 5,
      mode: "hybrid",
      include: ["facts"],
      sessionId: "s",
      lens,
      labels: ["team=a"],
      asOf: at,
      validFrom: at,
      validUntil: at,
      includeDuplicates: true,
      source: "test",
    },
  ],
  [
    "POST context",
    async ({ spectron }) => spectron.recallContext({ query: "q", lens, maxTokens: 9 }),
    { query: "q", lens, maxTokens: 9 },
  ],
  [`GET profile?lens=${lensText}`, async ({ spectron }) => spectron.profile({ lens })],
  [
    `GET state?lens=${lensText}&sessionId=s&asOf=2026-06-01T00%3A00%3A00Z&limit=9&corrections=true`,
    async ({ spectron }) =>
      spectron.state({ lens, sessionId: "s", asOf: at, limit: 9, corrections: true }),
  ],
  [
    "GET state/diff?since=turn_1&limit=9",
    async ({ spectron }) => spectron.stateDiff({ since: "turn_1", limit: 9 }),
  ],
  [
    "POST forget",
    async ({ spectron }) =>
      spectron.forget(
        { query: "q", ids: ["a"], lens, sessionId: "s", threshold: 0.5, limit: 3, dryRun: true },
        key,
      ),
    { query: "q", ids: ["a"], lens, sessionId: "s", threshold: 0.5, limit: 3, dryRun: true },
  ],
  [
    "GET entities?type=person&limit=2&cursor=c",
    async ({ admin }) => admin.entities.list({ type: "person", limit: 2, cursor: "c" }),
  ],
  [
    "GET entities/Person/Alice%20Chen?asOf=2026-06-01T00%3A00%3A00Z",
    async ({ admin }) => admin.entities.get("Person", "Alice Chen", { asOf: at }),
  ],
  ["DELETE entities/person/a%2Fb", async ({ admin }) => admin.entities.delete("person", "a/b")],
  [
    "GET entities/person/rosa/history/home_city",
    async ({ admin }) => admin.entities.history("person", "rosa", "home_city"),
  ],
  [
    "GET inspect?ref=relation%3Aperson%2Fa-%5Bknows%5D-%3Eperson%2Fb",
    async ({ admin }) => admin.inspect("relation:person/a-[knows]->person/b"),
  ],
  ["GET traces?limit=3", async ({ admin }) => admin.traces.list({ limit: 3 })],
  ["GET traces/tr_1", async ({ admin }) => admin.traces.get("tr_1")],
  ["GET traces/stats?windowHours=24", async ({ admin }) => admin.traces.stats({ windowHours: 24 })],
  [
    "GET audit?principal=p&key=k&kind=decision&since=a&until=b&limit=1",
    async ({ admin }) =>
      admin.audit({ principal: "p", key: "k", kind: "decision", since: "a", until: "b", limit: 1 }),
  ],
  ["POST lifecycle/expire", async ({ admin }) => admin.lifecycle.expire()],
  ["POST lifecycle/decay", async ({ admin }) => admin.lifecycle.decay()],
  ["GET quarantine?limit=4", async ({ admin }) => admin.quarantine.list({ limit: 4 })],
  ["POST quarantine/hold", async ({ admin }) => admin.quarantine.hold(["t"]), { ids: ["t"] }],
  ["POST quarantine/restore", async ({ admin }) => admin.quarantine.restore(["t"]), { ids: ["t"] }],
  ["GET scopes", async ({ admin }) => admin.scopes.list()],
  [
    "POST scopes",
    async ({ admin }) => admin.scopes.register({ path: "org/acme", displayName: "Acme" }),
    { path: "org/acme", displayName: "Acme" },
  ],
  ["DELETE scopes?path=org%2Facme", async ({ admin }) => admin.scopes.delete("org/acme")],
  [
    "POST scopes/forget",
    async ({ admin }) => admin.scopes.forget("org/acme"),
    { path: "org/acme" },
  ],
  ["GET principals?count=true", async ({ admin }) => admin.principals.list({ count: true })],
  ["GET principals/rosa", async ({ admin }) => admin.principals.get("rosa")],
  [
    "POST principals",
    async ({ admin }) => admin.principals.create({ displayName: "Rosa", kind: "human" }),
    { displayName: "Rosa", kind: "human" },
  ],
  [
    "GET principals/rosa/effective?path=org%2Facme",
    async ({ admin }) => admin.principals.effective("rosa", { path: "org/acme" }),
  ],
  [
    "POST principals/rosa/grants",
    async ({ admin }) =>
      admin.principals.grant("rosa", { path: "org/acme/*", verbs: ["memory:read"] }),
    { path: "org/acme/*", verbs: ["memory:read"] },
  ],
  [
    "DELETE principals/rosa/grants",
    async ({ admin }) =>
      admin.principals.revoke("rosa", { path: "org/acme/*", verbs: ["memory:read"] }),
    { path: "org/acme/*", verbs: ["memory:read"] },
  ],
  ["GET keys", async ({ admin }) => admin.keys.list()],
  ["POST keys?ttlSeconds=60", async ({ admin }) => admin.keys.mint(undefined, { ttlSeconds: 60 })],
  ["POST keys", async ({ admin }) => admin.keys.mint({ name: "ci" }), { name: "ci" }],
  ["POST keys/key%3A1/rotate", async ({ admin }) => admin.keys.rotate("key:1")],
  ["DELETE keys/key%3A1", async ({ admin }) => admin.keys.delete("key:1")],
  [
    "POST chat",
    async ({ chat }) => chat.send({ message: "hi", sessionId: "s" }, key),
    { message: "hi", sessionId: "s" },
  ],
  [
    "POST reflect",
    async ({ chat }) => chat.reflect({ query: "q", persist: true }, key),
    { query: "q", persist: true },
  ],
];

function handles(url: string): Handles {
  const spectron = createSpectron({ url, apiKey: "sp-k1-s", context: "dev", retryBaseMs: 1 });
  return { spectron, admin: createAdmin(spectron), chat: createChat(spectron) };
}

describe("the request of each call", () => {
  test.each(rows)("%s", async (wanted, call, body) => {
    const service = await stageService(({ method }, response) => {
      if (method === "DELETE") response.writeHead(204).end();
      else json(response, 200, anything);
    });
    const [method = "", path = ""] = wanted.split(" ");
    // one route answers a DELETE with a body
    if (path.endsWith("/grants")) await call(handles(service.url)).catch(() => undefined);
    else await call(handles(service.url));
    const [seen] = service.seen;
    expect(`${seen?.method} ${seen?.path}`).toBe(
      `${method} ${path.startsWith("/") ? path : `/api/v1/dev/${path}`}`,
    );
    expect(seen?.body === "" ? undefined : (JSON.parse(seen?.body ?? "") as unknown)).toEqual(body);
    expect(seen?.headers["content-type"]).toBe(body === undefined ? undefined : "application/json");
    expect(seen?.headers.authorization).toBe("Bearer sp-k1-s");
  });

  const reads = new Set(["POST query", "POST context", "POST sessions/s/context"]);
  test.each(rows.filter(([wanted]) => !wanted.startsWith("POST /")))(
    "%s is repeated after 503 when it is a read or has a key, and not otherwise",
    async (wanted, call) => {
      const service = await stageService((_, response) => {
        json(response, 503, {});
      });
      const { spectron, ...rest } = handles(service.url);
      await call({ spectron, ...rest }).catch(() => undefined);
      const hasKey = service.seen[0]?.headers["idempotency-key"] !== undefined;
      const repeats = wanted.startsWith("GET") || reads.has(wanted) || hasKey;
      expect(service.seen).toHaveLength(repeats ? 4 : 1);
    },
  );
});

describe("a lens too wide for a line", () => {
  const wide = Array.from({ length: 16 }, (_, index) => [`org/${"x".repeat(120)}/user/${index}`]);

  test.each<[string, Row[1]]>([
    ["state", async ({ spectron }) => spectron.state({ lens: wide })],
    ["state/diff", async ({ spectron }) => spectron.stateDiff({ lens: wide, since: "turn_1" })],
  ])("reaches %s as a body, and is repeated as a read", async (route, call) => {
    const service = await stageService((_, response, count) => {
      json(response, count === 1 ? 503 : 200, {});
    });
    await call(handles(service.url));
    expect(service.seen).toHaveLength(2);
    expect(service.seen[1]).toMatchObject({ method: "POST", path: `/api/v1/dev/${route}` });
    expect(JSON.parse(service.seen[1]?.body ?? "")).toMatchObject({ lens: wide });
  });
});

describe("answers of older and newer services", () => {
  test.each(["scopes", "principals", "keys"] as const)(
    "%s come as a bare array or in an envelope, and read the same",
    async (name) => {
      const list = [{ id: "a" }, { id: "b" }];
      const page = { hasMore: true, nextCursor: "n", totalSize: 9 };
      const service = await stageService((_, response, count) => {
        json(response, 200, count === 1 ? list : { [name]: list, page });
      });
      const { admin } = handles(service.url);
      expect(await admin[name].list()).toEqual({ [name]: list, page: { hasMore: false } });
      expect(await admin[name].list()).toEqual({ [name]: list, page });
    },
  );

  test("a walk over a list that older services give whole asks once", async () => {
    const service = await stageService(({ path }, response) => {
      json(response, 200, path.includes("traces") ? { traces: [{ id: "a" }] } : [{ path: "/" }]);
    });
    const { admin } = handles(service.url);
    const found: unknown[] = [];
    for await (const scope of walk(async (page) => admin.scopes.list(page))) found.push(scope.path);
    for await (const trace of walk(async (page) => admin.traces.list(page))) found.push(trace.id);
    expect(found).toEqual(["/", "a"]);
    expect(service.seen).toHaveLength(2);
  });

  test("the newer name of the last tier reads as the older one", async () => {
    const service = await stageService(({ path }, response) => {
      if (path.endsWith("/query"))
        json(response, 200, {
          hits: [],
          tier: "escalated",
          trace: { resolutionTier: "escalated" },
        });
      else if (path.endsWith("/stats"))
        json(response, 200, { tierCounts: { direct: 1, hybrid: 2, escalated: 3 } });
      else json(response, 200, { traces: [{ id: "a", resolutionTier: "escalated" }] });
    });
    const { spectron, admin } = handles(service.url);
    const answer = await spectron.query({ query: "q" });
    expect([answer.tier, answer.trace.resolutionTier]).toEqual(["full_context", "full_context"]);
    expect((await admin.traces.list()).traces[0]?.resolutionTier).toBe("full_context");
    expect((await admin.traces.stats()).tierCounts).toEqual({
      direct: 1,
      hybrid: 2,
      fullContext: 3,
    });
  });

  test("a number page of documents is no page of rows", async () => {
    const service = await stageService((_, response, count) => {
      json(response, 200, { page: 0, turns: count === 1 ? [{ id: "a" }] : [] });
    });
    const { spectron } = handles(service.url);
    const found: string[] = [];
    for await (const turn of walk(async (page) => spectron.sessions.turns("s", page)))
      found.push(turn.id);
    expect(found).toEqual(["a"]);
    expect(service.seen).toHaveLength(2);
  });
});

describe("ensureScopes", () => {
  const register = async (capabilities: string[] | undefined): Promise<string[]> => {
    const service = await stageService(({ path }, response) => {
      if (path !== "/api/v1/health") json(response, 201, { path: "x", createdAt: at });
      else if (capabilities === undefined) response.writeHead(200).end();
      else json(response, 200, { status: "ok", capabilities });
    });
    await handles(service.url).spectron.ensureScopes(["org/acme", "org/acme/user/alice"]);
    return service.seen.slice(1).map(({ method, path, body }) => `${method} ${path} ${body}`);
  };

  test("registers each path in order where the service does not do so itself", async () => {
    expect(await register(undefined)).toEqual([
      'POST /api/v1/dev/scopes {"path":"org/acme"}',
      'POST /api/v1/dev/scopes {"path":"org/acme/user/alice"}',
    ]);
  });

  test("asks for nothing where it does", async () => {
    expect(await register(["auto-register-scopes"])).toEqual([]);
  });
});
