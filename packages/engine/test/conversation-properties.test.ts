import { createEngine } from "@spectron/engine";
import type { Engine } from "@spectron/engine";
import type { StateResponse } from "@spectron/core/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Store } from "../src/stores/store.ts";
import { createInMemoryStore } from "./in-memory-store.ts";
import { CALLER, KEY } from "./principal.ts";

/** Programs of each property; raise it for a long run. */
const RUNS = Number(process.env["SPECTRON_RUNS"] ?? 300);
const START = Date.parse("2026-06-01T09:00:00Z");
const SCOPES = [["org/acme/user/alice"]];

/** Sentences whose facts replace, repeat, end and doubt each other. */
const SENTENCES = [
  "I live in Braga.",
  "I live in Porto.",
  "I moved to Lisbon.",
  "I love espresso.",
  "I no longer like espresso.",
  "I work at Nimbus.",
  "I work at Acme now.",
  "My name is Alice.",
  "My name is Alicia. I live in Braga.",
  "Always answer in English.",
  "I am allergic to peanuts.",
  "Thanks, that helps.",
] as const;

type Step =
  | { do: "send"; text: number }
  | { do: "answer"; text: number }
  | { do: "edit"; at: number; text: number }
  | { do: "regenerate"; text: number }
  | { do: "delete"; at: number };

const text = fc.nat({ max: SENTENCES.length - 1 });
const place = fc.nat({ max: 7 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("send" as const), text }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("answer" as const), text }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("edit" as const), at: place, text }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("regenerate" as const), text }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), at: place }) },
);

interface Message {
  id: string;
  role: "user" | "assistant";
  content: string;
  at: number;
  turnId: string;
}

interface World {
  engine: Engine;
  session: string;
  tick(at?: number): number;
}

async function open(store: Store = createInMemoryStore(), name = "first"): Promise<World> {
  let clock = START;
  let count = 0;
  const engine = createEngine({
    store,
    now: () => clock,
    nonce: () => `${name}-${(count += 1)}`,
  });
  await engine.bootstrap(KEY);
  const made = await engine.createSession({ caller: CALLER, scopes: SCOPES, metadata: {} });
  return {
    engine,
    session: (made.body as { id: string }).id,
    tick: (at) => (clock = at ?? clock + 1000),
  };
}

async function send(
  world: World,
  message: Omit<Message, "turnId" | "at">,
  key?: string,
): Promise<string> {
  const outcome = await world.engine.remember({
    caller: CALLER,
    sessionId: world.session,
    messages: [message],
    infer: "full",
    triples: [],
    diff: "per_message",
    labels: [],
    answer: { kind: "batch" },
    ...(key === undefined
      ? {}
      : {
          idempotency: {
            ref: { context: "dev", principal: "p", key },
            fingerprint: JSON.stringify(message),
            retention: 1e9,
          },
        }),
  });
  const body = (typeof outcome.body === "string" ? JSON.parse(outcome.body) : outcome.body) as {
    turnIds: string[];
  };
  return body.turnIds[0] ?? "";
}

/** Plays a program and keeps the conversation that it leaves; `seen` is told after every step. */
async function play(
  world: World,
  steps: readonly Step[],
  seen: (at: number) => Promise<void> = async () => undefined,
): Promise<Message[]> {
  let conversation: Message[] = [];
  let count = 0;
  const say = async (role: Message["role"], content: string): Promise<void> => {
    const message = { id: `m${(count += 1)}`, role, content };
    const at = world.tick();
    conversation.push({ ...message, at, turnId: await send(world, message) });
  };
  const change = async (message: Message | undefined, content: string): Promise<void> => {
    if (message === undefined) return;
    world.tick();
    message.content = content;
    const { id, role } = message;
    message.turnId = await send(world, { id, role, content });
  };
  for (const item of steps) {
    const words = "text" in item ? (SENTENCES[item.text] ?? "") : "";
    if (item.do === "send") await say("user", words);
    else if (item.do === "answer") await say("assistant", words);
    else if (item.do === "edit") await change(conversation[item.at], words);
    else if (item.do === "regenerate")
      await change(
        conversation.findLast(({ role }) => role === "assistant"),
        words,
      );
    else {
      const gone = conversation[item.at];
      if (gone === undefined) continue;
      world.tick();
      await world.engine.retract({
        caller: CALLER,
        sessionId: world.session,
        turnId: gone.turnId,
        purge: false,
      });
      conversation = conversation.filter((message) => message !== gone);
    }
    await seen(world.tick());
  }
  return conversation;
}

/** State without what names the history: ids, turns and instants of learning. */
async function current(world: World, at: number, asOf?: number): Promise<unknown> {
  const state = await world.engine.read("readState", {
    caller: CALLER,
    clamp: { patterns: ["/*"] },
    at,
    asOf,
    limit: 500,
    corrections: true,
  });
  return anonymous(state);
}

function anonymous(state: StateResponse): unknown {
  const HIDDEN = new Set(["id", "ref", "sessionId", "createdAt", "updatedAt", "supersedes", "at"]);
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value.map(strip).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, item]) =>
        HIDDEN.has(name) ? [] : [[name, strip(item)]],
      ),
    );
  };
  return strip(state);
}

async function recalled(world: World, query: string): Promise<unknown> {
  const found = await world.engine.recall({
    caller: CALLER,
    clamp: { patterns: ["/*"] },
    query,
    k: 20,
    facts: true,
    passages: true,
  });
  return found
    .hits()
    .map(({ text: line, occurredAt }) => `${line} ${occurredAt}`)
    .toSorted();
}

describe("following the conversation", () => {
  test("after any sends, edits, regenerations and deletions memory is that of the final conversation alone", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
        const lived = await open();
        const conversation = await play(lived, steps);
        const end = lived.tick();
        const alone = await open();
        for (const { id, role, content, at } of conversation) {
          alone.tick(at);
          await send(alone, { id, role, content });
        }
        alone.tick(end);
        expect(await current(lived, end)).toEqual(await current(alone, end));
        for (const query of ["Where do I live?", "espresso", "Nimbus Acme"])
          expect(await recalled(lived, query)).toEqual(await recalled(alone, query));
        await lived.engine.close();
        await alone.engine.close();
      }),
      { numRuns: RUNS },
    );
  }, 3_600_000);

  test("after a purge memory is that of a conversation in which nobody ever said it", async () => {
    const purged = fc.constantFrom("Porto", "Lisbon", "espresso", "Nimbus", "peanuts");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), purged, async (steps, word) => {
        const lived = await open();
        const instants: number[] = [];
        const conversation = await play(lived, steps, async (at) => {
          instants.push(at);
        });
        const at = lived.tick();
        await lived.engine.forget({
          caller: CALLER,
          ids: [],
          match: { query: word, clamp: { patterns: ["/*"] }, threshold: 0.75, limit: 100 },
          purge: true,
          dryRun: false,
        });
        const end = lived.tick(at + 1000);
        const alone = await open();
        for (const { id, role, content, at: saidAt } of conversation) {
          if (content.includes(word)) continue;
          alone.tick(saidAt);
          await send(alone, { id, role, content });
        }
        alone.tick(end);
        expect(await current(lived, end)).toEqual(await current(alone, end));
        for (const instant of instants)
          expect(JSON.stringify(await current(lived, end, instant))).not.toContain(word);
        const { turns } = await lived.engine.read("listTurns", {
          caller: CALLER,
          id: lived.session,
          limit: 100,
          includeRevised: true,
        });
        expect(JSON.stringify(turns)).not.toContain(word);
        expect(await lived.engine.verify()).toMatchObject({ ok: true, problems: [] });
        await lived.engine.close();
        await alone.engine.close();
      }),
      { numRuns: RUNS },
    );
  }, 3_600_000);

  test("asked as of any instant, memory answers what it believed then", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
        const world = await open();
        const believed: { at: number; state: unknown }[] = [];
        await play(world, steps, async (at) => {
          believed.push({ at, state: await current(world, at) });
        });
        for (const { at, state } of believed) expect(await current(world, at, at)).toEqual(state);
        await world.engine.close();
      }),
      { numRuns: RUNS },
    );
  }, 3_600_000);
});

describe("exactly once", () => {
  test("any retries, duplicates and restarts leave the state of the run without faults", async () => {
    const sent = fc.record({
      text,
      /** How often the same request arrives, and whether the service restarts before each. */
      arrivals: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
      withId: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { maxLength: 8 }), async (requests) => {
        const message = (index: number, item: (typeof requests)[number]) => ({
          id: item.withId ? `m${index}` : (undefined as never),
          role: "user" as const,
          content: SENTENCES[item.text] ?? "",
        });
        const clean = await open();
        for (const [index, item] of requests.entries()) {
          clean.tick(START + (index + 1) * 1000);
          await send(clean, message(index, item), `k${index}`);
        }
        const store = createInMemoryStore();
        let starts = 0;
        let faulty = await open(store);
        const { session } = faulty;
        for (const [index, item] of requests.entries())
          for (const restart of item.arrivals) {
            if (restart) faulty = { ...(await open(store, `start-${(starts += 1)}`)), session };
            faulty.tick(START + (index + 1) * 1000);
            await send(faulty, message(index, item), `k${index}`);
          }
        const end = START + 100_000;
        clean.tick(end);
        faulty.tick(end);
        expect(await current(faulty, end)).toEqual(await current(clean, end));
        const turns = async (world: World) =>
          (
            await world.engine.read("listTurns", { caller: CALLER, id: world.session, limit: 100 })
          ).turns.map(({ content }) => content);
        expect(await turns(faulty)).toEqual(await turns(clean));
        await store.close();
        await clean.engine.close();
      }),
      { numRuns: RUNS },
    );
  }, 3_600_000);
});
