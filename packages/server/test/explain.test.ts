import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { afterEach, beforeEach, expect, test } from "vitest";

const ALICE = [["org/acme/user/alice"]];
const BOB = encodeURIComponent(JSON.stringify([["org/acme/user/bob"]]));

let service: TestService;
let clock: number;
let session: string;
beforeEach(async () => {
  clock = Date.parse("2026-06-01T09:00:00Z");
  service = await startTestService({ now: () => clock });
  session = (await service.spectron.sessions.create({ scopes: ALICE })).id;
});
afterEach(async () => {
  await service.stop();
});

async function say(content: string): Promise<string> {
  clock += 60_000;
  const { turnIds } = await service.spectron.facts.batch({
    session_id: session,
    scopes: ALICE,
    messages: [{ role: "user", content }],
  });
  return turnIds[0] ?? "";
}

async function get(path: string, status = 200): Promise<Record<string, unknown>> {
  const response = await service.call("GET", `/api/v1/dev/${path}`);
  expect(response.status).toBe(status);
  return (await response.json()) as Record<string, unknown>;
}

test("a diff tells the net effect since a turn: what is new, what replaced what, what ended", async () => {
  const first = await say("I live in Braga.");
  await say("I live in Lisbon now.");
  await say("I moved to Porto.");
  const last = await say("I love espresso.");
  expect(await get(`state/diff?since=${first}`)).toMatchObject({
    since: first,
    added: [{ type: "attribute", key: "likes", value: "espresso", sourceTurn: last }],
    updated: [{ key: "home_city", value: "Porto", previousValue: "Braga" }],
    superseded: [{ key: "home_city", value: "Braga" }],
    closed: [],
  });
  const ids = (
    (await get("state/diff?since=2026-01-01T00:00:00Z"))["added"] as { id: string }[]
  ).map(({ id }) => id);
  expect(ids).toHaveLength(2);
  await service.call("POST", "/api/v1/dev/forget", { ids });
  expect(await get(`state/diff?since=${last}`)).toMatchObject({
    added: [],
    closed: [{ key: "home_city" }, { key: "likes" }],
  });
  await get("state/diff?since=turn_nothing_1", 404);
  await get("state/diff", 400);
});

test("a diff answers the oldest clients under their names", async () => {
  const first = await say("I live in Braga.");
  await say("I moved to Porto.");
  const response = await service.call(
    "POST",
    "/api/v1/dev/state/diff",
    { since: first },
    { "api-version": "1" },
  );
  expect(await response.json()).toMatchObject({ updated: [{ previous_value: "Braga" }] });
});

test("an entity has its live facts, and the history of each key", async () => {
  await say("I live in Braga. My sister Rosa works at Nimbus.");
  const before = new Date(clock).toISOString();
  await say("I moved to Porto.");
  expect(await get("entities")).toMatchObject({
    entities: [{ id: "person/rosa" }, { id: "person/user" }].map((item) =>
      expect.objectContaining(item),
    ),
  });
  expect(await get("entities/Person/user")).toMatchObject({
    entity: { id: "person/user" },
    attributes: [{ key: "home_city", value: "Porto", source: { quote: "I moved to Porto" } }],
  });
  expect(await get(`entities/person/user?asOf=${before}`)).toMatchObject({
    attributes: [{ value: "Braga" }],
  });
  expect(await get("entities/person/user/history/home_city")).toMatchObject({
    history: [{ value: "Porto" }, { value: "Braga", validUntil: new Date(clock).toISOString() }],
  });
  expect(await get("entities/person/nobody/history/home_city")).toEqual({ history: [] });
  await get("entities/person/nobody", 404);
  await get(`entities/person/user?lens=${BOB}`, 404);
});

test("a deleted entity is closed, not erased", async () => {
  await say("I live in Braga.");
  const before = new Date(clock).toISOString();
  clock += 1000;
  const remove = async () =>
    (await service.call("DELETE", "/api/v1/dev/entities/person/user")).status;
  expect([await remove(), await remove()]).toEqual([204, 204]);
  await get("entities/person/user", 404);
  expect(await get(`entities/person/user?asOf=${before}`)).toMatchObject({
    attributes: [{ value: "Braga" }],
  });
});

test("inspect answers every kind of ref, and says which it does not know", async () => {
  const turn = await say("I live in Braga. My sister Rosa works at Nimbus.");
  expect(await get("inspect?ref=entity:person/user")).toMatchObject({ kind: "entity" });
  expect(await get("inspect?ref=person:user")).toMatchObject({ kind: "entity" });
  expect(await get("inspect?ref=attribute:person/user/home_city")).toMatchObject({
    kind: "attribute",
    current: { value: "Braga" },
    history: [{ value: "Braga" }],
  });
  const relation = encodeURIComponent("relation:person/user-[sister]->person/rosa");
  expect(await get(`inspect?ref=${relation}`)).toMatchObject({
    kind: "relation",
    matches: [{ label: "sister" }],
  });
  expect(await get(`inspect?ref=turn:${turn}`)).toMatchObject({
    kind: "turn",
    turn: { id: turn, quarantined: false },
    attributes: expect.arrayContaining([expect.objectContaining({ value: "Braga" })]),
  });
  await get("inspect?ref=nonsense", 400);
  await get("inspect?ref=entity:person/nobody", 404);
  await get("inspect?ref=passage:doc_1/0", 501);
  await get("inspect?ref=entity:person/user&atInstant=2026-06-01T00:00:00Z", 501);
});

test("traces say what was written and what was recalled, without a word of it", async () => {
  await say("I live in Braga.");
  await say("I moved to Porto.");
  const { trace } = await service.spectron.query({ query: "Where do I live?", lens: ALICE });
  await expect
    .poll(async () => (await service.call("GET", `/api/v1/dev/traces/${trace.traceId}`)).status)
    .toBe(200);
  const detail = await get(`traces/${trace.traceId}`);
  expect(detail).toMatchObject({
    kind: "retrieval",
    returned: [{ rank: 1 }, { rank: 2 }, { rank: 3 }],
  });
  expect(JSON.stringify(detail)).not.toMatch(/Porto|Braga|live/);
  expect(await get("traces")).toMatchObject({
    traces: expect.arrayContaining([expect.objectContaining({ kind: "decision" })]),
  });
  expect(await get("traces/stats")).toMatchObject({
    totalQueries: 1,
    supersession: { count: 1 },
  });
  expect(((await get("audit?kind=decision"))["rows"] as unknown[]).length).toBe(2);
  expect(await get("audit?principal=nobody")).toEqual({ rows: [] });
  await get("audit?kind=other", 400);
  await get("traces/tr_nothing", 404);
});

test("the oldest write form answers under old and new names", async () => {
  const response = await service.call(
    "POST",
    `/api/v1/dev/sessions/${session}/turns`,
    { role: "user", content: "I live in Braga." },
    { "idempotency-key": "k" },
  );
  expect(response.status).toBe(200);
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({
    turn_id: body["turnId"],
    trace_id: body["traceId"],
    entities: [{ type: "person", label: "user" }],
    attributes: [{ entity: "person/user", entityId: "person/user", value: "Braga" }],
  });
});
