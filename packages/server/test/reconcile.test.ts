import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import type { Extractor } from "@spectron/engine";
import { afterEach, describe, expect, test } from "vitest";

const ALICE = [["org/acme/user/alice"]];
let service: TestService;
afterEach(async () => {
  await service.stop();
});

/** Reads "key=value@confidence" lines: a model whose answers the test writes. */
const literal: Extractor = {
  name: "literal",
  extract: async ({ messages }) => ({
    facts: messages.flatMap((message) => {
      const [, key, value, confidence] = /^(\w+)=(.+)@([\d.]+)$/.exec(message.content) ?? [];
      if (key === undefined || value === undefined) return [];
      return [
        {
          subject: { type: "person", name: "user" },
          key,
          value,
          category: "knowledge" as const,
          polarity: "affirm" as const,
          confidence: Number(confidence),
          turnIds: [message.turnId],
          quote: message.content,
        },
      ];
    }),
    instructions: [],
    uncertainties: [],
    corrections: [],
  }),
};

async function say(content: string) {
  return service.spectron.facts.batch({
    scopes: ALICE,
    messages: [{ role: "user", content }],
  });
}

describe("what memory believes", () => {
  test("a move: one live row, one history row, one correction, and the old belief as of before", async () => {
    let clock = Date.parse("2026-06-01T09:00:00Z");
    service = await startTestService({ now: () => clock });
    const first = await say("I live in Braga.");
    const before = new Date(clock).toISOString();
    clock += 60_000;
    const second = await say("I moved to Porto.");
    expect(second.extractions[0]?.corrections).toEqual([
      { entityId: "person/user", key: "home_city", oldValue: "Braga", newValue: "Porto" },
    ]);
    clock += 60_000;
    const now = await service.spectron.state({ lens: ALICE, corrections: true });
    expect(now.identity.attributes.map(({ value }) => value)).toEqual(["Porto"]);
    expect(now.corrections).toHaveLength(1);
    const then = await service.spectron.state({ lens: ALICE, asOf: before });
    expect(then.identity.attributes.map(({ value }) => value)).toEqual(["Braga"]);
    const history = await service.call("GET", "/api/v1/dev/entities/person/user/history/home_city");
    expect(((await history.json()) as { history: unknown[] }).history).toHaveLength(2);
    const diff = await service.call("GET", `/api/v1/dev/state/diff?since=${first.turnIds[0]}`);
    expect(((await diff.json()) as { updated: unknown[] }).updated).toHaveLength(1);
  });

  test("a decree and a statement that differ: both live, the decree first and untouched, one doubt", async () => {
    for (const order of [
      ["decree", "said"],
      ["said", "decree"],
    ]) {
      service = await startTestService({ extractor: literal });
      for (const step of order)
        if (step === "said") await say("notice_days=60@0.99");
        else
          await service.spectron.facts.add({
            infer: "triples",
            scopes: ALICE,
            triples: [
              { entity: { type: "person", name: "user" }, key: "notice_days", value: "30" },
            ],
          });
      const state = await service.spectron.state({ lens: ALICE });
      expect(state.knowledge.attributes).toMatchObject([
        { value: "30", source: { kind: "upsert" } },
        { value: "60", source: { kind: "turn" } },
      ]);
      expect(state.knowledge.attributes[0]?.validUntil).toBeUndefined();
      expect(state.unknowns).toHaveLength(1);
      const { hits } = await service.spectron.query({ query: "notice days", lens: ALICE });
      expect(hits.find(({ source }) => source === "attribute")?.text).toContain("30");
      if (order[0] === "decree") await service.stop();
    }
  });

  test("a weak contradiction: both live, a doubt, no correction", async () => {
    service = await startTestService({ extractor: literal });
    await say("team=red@0.9");
    const answer = await say("team=blue@0.5");
    expect(answer.extractions[0]).toMatchObject({
      corrections: [],
      uncertainties: [{ about: "person/user team" }],
    });
    const state = await service.spectron.state({ lens: ALICE });
    expect(state.knowledge.attributes.map(({ value }) => value).toSorted()).toEqual([
      "blue",
      "red",
    ]);
    expect(state.unknowns).toHaveLength(1);
  });

  test("a relation to something of an unknown kind gets a placeholder, so the statement is kept", async () => {
    service = await startTestService();
    const { extraction } = await service.spectron.facts.add({
      infer: "triples",
      scopes: ALICE,
      triples: [
        {
          entity: { type: "person", name: "Rosa" },
          key: "repairs",
          target: { type: "gizmo", name: "The Thing" },
        },
      ],
    });
    expect(extraction?.relations).toEqual([
      {
        subject: "person/rosa",
        label: "repairs",
        object: "other/the_thing",
        memoryCategory: "knowledge",
      },
    ]);
    const found = await service.call("GET", "/api/v1/dev/entities/other/the_thing");
    expect(found.status).toBe(200);
  });

  test("facts of one scope never meet those of another", async () => {
    service = await startTestService();
    await say("I live in Braga.");
    const other = await service.spectron.facts.batch({
      scopes: [["org/acme/user/bob"]],
      messages: [{ role: "user", content: "I live in Porto." }],
    });
    expect(other.extractions[0]?.corrections).toEqual([]);
    const state = await service.spectron.state({ lens: ALICE });
    expect(state.identity.attributes.map(({ value }) => value)).toEqual(["Braga"]);
  });
});
