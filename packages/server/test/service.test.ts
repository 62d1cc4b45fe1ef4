import { readFile } from "node:fs/promises";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let service: TestService;
beforeEach(async () => {
  service = await startTestService();
});
afterEach(async () => {
  await service.stop();
});

const ALICE = [["org/acme/user/alice"]];
const BOB = [["org/acme/user/bob"]];
const BATCH = "/api/v1/dev/facts/batch";

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ status: response.status, message: body["detail"] });
  expect(body["type"]).toMatch(/\/errors\/[a-z-]+$/);
  expect(body["traceId"]).toBe(response.headers.get("x-trace-id"));
  return body;
}

async function expectNothingStored(): Promise<void> {
  const state = await service.spectron.state();
  expect(state.identity.attributes).toEqual([]);
  expect((await service.spectron.query({ query: "Braga" })).hits).toEqual([]);
}

describe("bad requests", () => {
  const user = { role: "user", content: "I live in Braga." };

  test.each([
    ["malformed JSON", '{"messages": [', 400, "invalid_json"],
    ["missing messages", {}, 400, "validation_failed"],
    ["no messages", { messages: [] }, 400, "validation_failed"],
    [
      "an unknown role",
      { messages: [user, { role: "robot", content: "x" }] },
      400,
      "validation_failed",
    ],
    [
      "empty content",
      { messages: [user, { role: "user", content: "" }] },
      400,
      "validation_failed",
    ],
    [
      "a 300 KB message",
      { messages: [user, { role: "user", content: "x".repeat(300_000) }] },
      413,
      "content_too_large",
    ],
    [
      "NUL in content",
      { messages: [user, { role: "user", content: "a\u0000b" }] },
      400,
      "validation_failed",
    ],
    [
      "a time without offset",
      { messages: [{ ...user, ts: "2026-01-01T00:00:00" }] },
      400,
      "validation_failed",
    ],
    ["a scope with a wildcard", { messages: [user], scopes: [["org/*"]] }, 400, "scope_invalid"],
    ["an unknown session", { messages: [user], session_id: "sess_none" }, 403, "forbidden"],
    [
      "two spellings that differ",
      { messages: [user], session_id: "a", sessionId: "b" },
      400,
      "field_conflict",
    ],
  ])("%s is refused and stores nothing", async (_, body, status, code) => {
    const response = await service.call("POST", BATCH, body, { "idempotency-key": "k" });
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toMatchObject({ code });
    await expectNothingStored();
  });

  test("a failed write releases its key", async () => {
    const headers = { "idempotency-key": "again" };
    expect(
      (await service.call("POST", BATCH, { messages: [user], session_id: "sess_x" }, headers))
        .status,
    ).toBe(403);
    expect((await service.call("POST", BATCH, { messages: [user] }, headers)).status).toBe(200);
  });

  test.each([
    ["a wrong key", "dev", { authorization: "Bearer sp-none-wrong" }],
    ["no key", "dev", { authorization: "" }],
    ["another context", "other", {}],
    ["two keys that differ", "dev", { "api-key": "other" }],
  ])("%s gets the same 401", async (_, context, headers) => {
    const response = await service.call(
      "POST",
      `/api/v1/${context}/facts/batch`,
      { messages: [user] },
      headers,
    );
    expect(response.status).toBe(401);
    expect(await problemOf(response)).toMatchObject({
      code: "unauthenticated",
      detail: expect.stringContaining("Authorization: Bearer"),
    });
    await expectNothingStored();
  });

  test("a key may travel as API-KEY", async () => {
    const response = await service.call("GET", "/api/v1/dev/me", undefined, {
      "api-key": service.service.apiKey,
    });
    expect(response.status).toBe(200);
  });

  test("an invalid context id gets 422, an unknown route 404", async () => {
    expect((await service.call("GET", "/api/v1/a%20b/me")).status).toBe(422);
    expect((await service.call("GET", "/nothing")).status).toBe(404);
  });
});

describe("idempotency", () => {
  const body = { messages: [{ role: "user", content: "I live in Braga." }], scopes: ALICE };

  test("a repeat gets the stored bytes and changes nothing", async () => {
    const headers = { "idempotency-key": "k1" };
    const first = await service.call("POST", BATCH, body, headers);
    const text = await first.text();
    const again = await service.call(
      "POST",
      BATCH,
      { scopes: ALICE, messages: body.messages },
      headers,
    );
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.text()).toBe(text);
    const { sessionId } = JSON.parse(text) as { sessionId: string };
    expect((await service.spectron.sessions.turns(sessionId)).turns).toHaveLength(1);
  });

  test("another body with the same key gets 409", async () => {
    const headers = { "idempotency-key": "k1" };
    await service.call("POST", BATCH, body, headers);
    const response = await service.call(
      "POST",
      BATCH,
      { messages: [{ role: "user", content: "other" }] },
      headers,
    );
    expect(response.status).toBe(409);
    expect(await problemOf(response)).toMatchObject({ code: "idempotency_mismatch" });
  });

  test("while the first request with a key runs, another gets 409 in flight", async () => {
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const slow = await startTestService({
      extractor: {
        name: "slow",
        async extract() {
          started.resolve();
          await gate.promise;
          return { facts: [], instructions: [], uncertainties: [], corrections: [] };
        },
      },
    });
    const headers = { "idempotency-key": "k1" };
    const first = slow.call("POST", BATCH, body, headers);
    await started.promise;
    const refused = await slow.call("POST", BATCH, body, headers);
    expect(refused.status).toBe(409);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({ code: "idempotency_in_flight" });
    gate.resolve();
    expect((await first).status).toBe(200);
    const replay = await slow.call("POST", BATCH, body, headers);
    expect(replay.headers.get("idempotency-replayed")).toBe("true");
    await slow.stop();
  });

  test("the stored answer survives a restart of the service", async () => {
    const { embedded } = await import("@spectron/server");
    const first = await service.call("POST", BATCH, body, { "idempotency-key": "k1" });
    await service.spectron.close();
    const reopened = await embedded({ path: service.path, context: "dev" });
    const again = await reopened.fetch(`${reopened.url}${BATCH}`, {
      method: "POST",
      headers: { authorization: `Bearer ${reopened.apiKey}`, "idempotency-key": "k1" },
      body: JSON.stringify(body),
    });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.text()).toBe(await first.text());
    await reopened.close();
  });
});

describe("memory", () => {
  test("a moved person has one live home, one old one and one correction", async () => {
    const say = async (content: string) =>
      service.spectron.facts.batch({ scopes: ALICE, messages: [{ role: "user", content }] });
    await say("I live in Braga.");
    const moved = await say("I moved to Porto.");
    expect(moved.extractions[0]?.corrections).toEqual([
      { entityId: "person/user", key: "home_city", oldValue: "Braga", newValue: "Porto" },
    ]);
    const state = await service.spectron.state({ lens: ALICE, corrections: true });
    const homes = state.identity.attributes.filter((item) => item.key === "home_city");
    expect(homes).toMatchObject([
      { value: "Porto", source: { quote: "I moved to Porto", role: "user" } },
    ]);
    expect(state.corrections).toMatchObject([{ oldValue: "Braga", newValue: "Porto" }]);
  });

  test("nothing of one user appears for another", async () => {
    await service.spectron.facts.batch({
      scopes: ALICE,
      messages: [{ role: "user", content: "I live in Braga and I work at Nimbus." }],
    });
    const seen = [
      await service.spectron.query({ query: "Braga Nimbus", lens: BOB }),
      await service.spectron.recallContext({ query: "Braga Nimbus", lens: BOB }),
      await service.spectron.profile({ lens: BOB }),
      await service.spectron.state({ lens: BOB, corrections: true }),
    ];
    expect(JSON.stringify(seen)).not.toMatch(/Braga|Nimbus/);
  });

  test("a session is made once for an external id, and refuses turns once closed", async () => {
    const create = async () =>
      service.call("POST", "/api/v1/dev/sessions", { externalId: "t1", scopes: ALICE });
    const first = await create();
    const second = await create();
    expect([first.status, second.status]).toEqual([201, 200]);
    const { id } = (await first.json()) as { id: string };
    expect(await second.json()).toMatchObject({ id });
    await service.spectron.sessions.close(id);
    const append = await service.call("POST", BATCH, {
      session_id: id,
      messages: [{ role: "user", content: "late" }],
    });
    const unknown = await service.call("POST", BATCH, {
      session_id: "sess_none",
      messages: [{ role: "user", content: "late" }],
    });
    const { traceId: _, ...refused } = await problemOf(append);
    const { traceId: __, ...absent } = await problemOf(unknown);
    expect(refused).toEqual(absent);
  });

  test("turns come back in order and page by page", async () => {
    const messages = Array.from({ length: 7 }, (_, index) => ({
      role: "user" as const,
      content: `m${index}`,
    }));
    const { sessionId } = await service.spectron.facts.batch({ messages, infer: "none" });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await service.spectron.sessions.turns(sessionId, { limit: 3, cursor });
      seen.push(...page.turns.map((turn) => `${turn.seq}:${turn.content}`));
      cursor = page.page?.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(messages.map((message, index) => `${index + 1}:${message.content}`));
  });

  test("a message id that is already stored is not stored again", async () => {
    const first = await service.call("POST", BATCH, {
      messages: [{ role: "user", content: "hi", id: "m1" }],
    });
    const { sessionId, turnIds } = (await first.json()) as { sessionId: string; turnIds: string[] };
    const send = async (role: string) =>
      service.call("POST", BATCH, {
        session_id: sessionId,
        messages: [{ role, content: "hi", id: "m1" }],
      });
    expect(await (await send("user")).json()).toMatchObject({ turnIds });
    const conflict = await send("assistant");
    expect(conflict.status).toBe(409);
    expect(await conflict.json()).toMatchObject({ code: "message_id_conflict" });
    expect((await service.spectron.sessions.turns(sessionId)).turns).toHaveLength(1);
  });

  test("a preview answers the diff and stores nothing", async () => {
    const preview = await service.spectron.facts.add({
      text: "I live in Braga.",
      infer: "preview",
    });
    expect(preview).toMatchObject({
      preview: true,
      extraction: { attributes: [{ key: "home_city", value: "Braga" }] },
    });
    await expectNothingStored();
  });

  test("a triple is authoritative: what is said beside it does not change it", async () => {
    await service.spectron.facts.add({
      infer: "triples",
      scopes: ALICE,
      triples: [
        {
          entity: { type: "person", name: "user" },
          key: "home_city",
          value: "Lisbon",
          memory_category: "identity",
        },
      ],
    });
    await service.spectron.facts.batch({
      scopes: ALICE,
      messages: [{ role: "user", content: "I live in Braga." }],
    });
    const state = await service.spectron.state({ lens: ALICE });
    const homes = state.identity.attributes.filter((item) => item.key === "home_city");
    expect(homes.map((item) => item.value).toSorted()).toEqual(["Braga", "Lisbon"]);
    expect(state.unknowns).toMatchObject([{ about: "person/user home_city" }]);
  });

  test("the key's secret is not in the database file", async () => {
    await service.spectron.facts.add({ text: "hello" });
    const secret = service.service.apiKey.split("-").slice(2).join("-");
    for (const suffix of ["", "-wal"])
      expect((await readFile(`${service.path}${suffix}`)).includes(secret)).toBe(false);
  });
});
