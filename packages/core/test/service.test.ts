import { createSpectron, walk } from "@spectron/core";
import type { Spectron } from "@spectron/core";
import { createAdmin } from "@spectron/core/admin";
import { createChat } from "@spectron/core/chat";
import type { ChatEvent } from "@spectron/core/chat";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

// The client against the real service: what it sends is understood, what it promises comes back.

const scopes = [["org/acme/user/rosa"]];
const lens = scopes;

let service: TestService;
let spectron: Spectron;

beforeEach(async () => {
  service = await startTestService({
    generator: {
      name: "words",
      async *generate() {
        yield "You live ";
        yield "in Porto.";
      },
    },
  });
  ({ spectron } = service);
});
afterEach(async () => {
  await service.stop();
});

async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const found: Row[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

/** A session in which Rosa moves from Braga to Porto. */
async function moveRosa(): Promise<{ session: string; turns: string[] }> {
  const { id } = await spectron.sessions.create({ scopes, externalId: "thread-1" });
  const said = ["I live in Braga.", "I moved to Porto.", "I work at Nimbus."];
  const { turnIds } = await spectron.facts.batch(
    {
      session_id: id,
      scopes,
      messages: said.map((content, index) => ({
        role: "user",
        content,
        id: `m-${index}`,
        parts: { index },
      })),
      extract: "per_message",
    },
    { idempotencyKey: "move" },
  );
  return { session: id, turns: turnIds };
}

test("stores a conversation and recalls it", async () => {
  const { url, apiKey, context, fetch } = service.service;
  const options = { url, apiKey, context, fetch };
  // #region client
  const memory = createSpectron(options);
  const session = await memory.sessions.create({ scopes: [["org/acme/user/rosa"]] });
  await memory.facts.batch(
    {
      session_id: session.id,
      scopes: [["org/acme/user/rosa"]],
      messages: [{ role: "user", content: "I live in Porto." }],
    },
    // from what identifies the call, never from the clock: sent twice, it is stored once
    { idempotencyKey: "order-desk-4711-1" },
  );
  const { hits } = await memory.query({
    query: "Where does Rosa live?",
    lens: [["org/acme/user/rosa"]],
  });
  // #endregion
  expect(hits.map(({ text }) => text).join()).toContain("Porto");
  await memory.close();
});

describe("sessions and turns", () => {
  test("walks over every turn in pages, both ways, with their parts", async () => {
    const { session, turns } = await moveRosa();
    const found: string[] = [];
    // #region walk
    const pages = walk((page) => spectron.sessions.turns(session, page), { limit: 2 });
    for await (const turn of pages) found.push(turn.id);
    // #endregion
    expect(found).toEqual(turns);
    const newestFirst = await collect(
      walk(async (page) =>
        spectron.sessions.turns(session, { ...page, limit: 1, order: "desc", parts: true }),
      ),
    );
    expect(newestFirst.map(({ parts }) => parts)).toEqual([
      { index: 2 },
      { index: 1 },
      { index: 0 },
    ]);
  });

  test("finds a session by the application's own id, and a turn by its message id", async () => {
    const { session, turns } = await moveRosa();
    const { sessions } = await spectron.sessions.list({ externalId: "thread-1", status: "open" });
    expect(sessions.map(({ id }) => id)).toEqual([session]);
    const found = await spectron.sessions.turns(session, { clientId: "m-1" });
    expect(found.turns.map(({ id }) => id)).toEqual([turns[1]]);
    const turn = await spectron.sessions.turn(session, turns[1] ?? "", { parts: true });
    expect(turn).toMatchObject({ content: "I moved to Porto.", parts: { index: 1 } });
  });

  test("a retracted turn leaves the conversation and memory", async () => {
    const { session, turns } = await moveRosa();
    await spectron.sessions.retract(session, turns[2] ?? "");
    expect((await spectron.sessions.turns(session)).turns).toHaveLength(2);
    const all = await spectron.sessions.turns(session, { includeRevised: true });
    expect(all.turns).toHaveLength(3);
    expect(JSON.stringify(await spectron.state({ lens }))).not.toContain("Nimbus");
  });

  test("appends one turn, gives a context, and takes no more after the end", async () => {
    const { session } = await moveRosa();
    const added = await spectron.sessions.append(session, {
      role: "user",
      content: "I have a cat.",
    });
    expect(added.sessionId).toBe(session);
    const { context } = await spectron.sessions.context(session, { query: "city" });
    expect(context).toContain("Porto");
    await spectron.sessions.close(session);
    await expect(
      spectron.sessions.append(session, { role: "user", content: "more" }),
    ).rejects.toMatchObject({ code: "forbidden" });
    expect((await spectron.sessions.get(session)).status).toBe("closed");
  });
});

describe("what is believed", () => {
  test("state, its past, its change, and the profile", async () => {
    const { session, turns } = await moveRosa();
    const state = await spectron.state({ lens, corrections: true });
    expect(state.corrections).toEqual([
      expect.objectContaining({ oldValue: "Braga", newValue: "Porto" }),
    ]);
    const text = "I moved to Lisbon.";
    await spectron.facts.add({ text, session_id: session, scopes }, { idempotencyKey: "later" });
    const diff = await spectron.stateDiff({ since: turns[2] ?? "", lens });
    expect(diff.updated).toEqual([
      expect.objectContaining({ value: "Lisbon", previousValue: "Porto" }),
    ]);
    const { static: known } = await spectron.profile({ lens });
    expect(known).toContainEqual(expect.objectContaining({ value: "Lisbon" }));
  });

  test("a lens too wide for a line narrows the same as a body", async () => {
    await moveRosa();
    const wide = [
      ...Array.from({ length: 15 }, (_, index) => [`org/${"x".repeat(120)}/user/${index}`]),
      ...lens,
    ];
    const [here, there] = await Promise.all([
      spectron.state({ lens }),
      spectron.state({ lens: wide }),
    ]);
    expect(there.identity.attributes).toEqual(here.identity.attributes);
    const diff = await spectron.stateDiff({ since: "2020-01-01T00:00:00Z", lens: wide });
    expect(diff.added.length).toBeGreaterThan(0);
  });

  test("triples are stored, counted by a dry run and forgotten", async () => {
    await spectron.facts.add({
      infer: "triples",
      scopes,
      triples: [{ entity: { type: "person", name: "Rosa" }, key: "badge", value: "4711" }],
    });
    const request = { query: "badge 4711", lens, threshold: 0.5 };
    const dry = await spectron.forget({ ...request, dryRun: true });
    expect(dry.deleted).toBeGreaterThan(0);
    expect(await spectron.forget(request)).toMatchObject({ deleted: dry.deleted });
    expect((await spectron.forget({ ...request, dryRun: true })).deleted).toBe(0);
  });
});

describe("administration", () => {
  test("explains what is held of one thing", async () => {
    await moveRosa();
    // #region admin
    const admin = createAdmin(spectron);
    const { entities } = await admin.entities.list({ type: "person" });
    const { traces } = await admin.traces.list({ limit: 20 });
    // #endregion
    expect(traces.length).toBeGreaterThan(0);
    const [person] = entities;
    const { attributes } = await admin.entities.get("person", person?.name ?? "");
    const city = attributes.find(({ value }) => value === "Porto");
    const { history } = await admin.entities.history("person", person?.name ?? "", city?.key ?? "");
    expect(history.map(({ value }) => value)).toEqual(["Porto", "Braga"]);
    const seen = await admin.inspect(`attribute:person/${person?.name}/${city?.key}`);
    expect(seen).toMatchObject({ kind: "attribute", current: { value: "Porto" } });
    expect((await admin.traces.get(traces[0]?.id ?? "")).id).toBe(traces[0]?.id);
    expect((await admin.traces.stats()).tierCounts).toBeDefined();
    expect((await admin.audit({ limit: 5 })).rows.length).toBeGreaterThan(0);
    await admin.entities.delete("person", person?.name ?? "");
    expect(JSON.stringify(await spectron.state({ lens }))).not.toContain("Porto");
  });

  test("holds a turn back and lets it go, expires and decays", async () => {
    const { turns } = await moveRosa();
    const admin = createAdmin(spectron);
    expect(await admin.quarantine.hold([turns[2] ?? ""])).toEqual({ changed: 1 });
    expect((await admin.quarantine.list()).rows.map(({ id }) => id)).toEqual([turns[2]]);
    expect(await admin.quarantine.restore([turns[2] ?? ""])).toEqual({ changed: 1 });
    expect((await admin.quarantine.list()).rows).toEqual([]);
    expect(await admin.lifecycle.expire()).toEqual({ affected: 0 });
    expect((await admin.lifecycle.decay()).affected).toBeGreaterThanOrEqual(0);
  });

  test("needs no registration of scopes where the service does it", async () => {
    await expect(spectron.ensureScopes(["org/acme"])).resolves.toBeUndefined();
    expect(service.requests.map(({ path }) => path)).toEqual(["/api/v1/health"]);
  });
});

describe("a service with a model", () => {
  test("answers at once and as a stream", async () => {
    await moveRosa();
    const chat = createChat(spectron);
    const request = { message: "Where do I live?", scopes };
    expect((await chat.send(request)).reply).toBe("You live in Porto.");
    const events: ChatEvent[] = [];
    // #region chat
    for await (const event of chat.stream(request)) events.push(event);
    // #endregion
    expect(events.map(({ type }) => type)).toEqual(["delta", "delta", "done"]);
    expect(events.at(-1)).toMatchObject({ reply: "You live in Porto." });
    const { reflection } = await chat.reflect({ query: "Where does she live?" });
    expect(reflection).not.toBe("");
  });
});
