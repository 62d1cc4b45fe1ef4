import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { createEngine, openPostgresStore, openSqliteStore } from "@spectron/engine";
import type { Engine, Store } from "@spectron/engine";
import { startTestPostgres } from "@spectron/testing";
import type { TestPostgres } from "@spectron/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CALLER, KEY } from "./principal.ts";

/** Programs over the file; raise it for a long run. */
const RUNS = Number(process.env["SPECTRON_RUNS"] ?? 200);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse("2026-06-01T09:00:00Z");
const TRACE_AGE = 2 * DAY;
const ANSWER_AGE = 12 * HOUR;
const CITIES = ["Braga", "Porto", "Lisbon", "Faro", "Evora"];

type Step =
  | { do: "jump"; by: number }
  | { do: "restart"; by: number; crash: boolean }
  | { do: "say"; key: number; city: number };

const by = fc.oneof(
  fc.constantFrom(-DAY, DAY, -HOUR, HOUR),
  fc.integer({ min: -DAY, max: DAY }),
  fc.integer({ min: 0, max: 1000 }),
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("say" as const),
        key: fc.nat({ max: 4 }),
        city: fc.nat({ max: CITIES.length - 1 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("jump" as const), by }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("restart" as const), by, crash: fc.boolean() }),
    },
  ),
  { minLength: 4, maxLength: 12 },
);

interface Remembered {
  body: string;
  expiresAt: number;
}

interface Look {
  transcript: string[];
  homes: string[];
  /** Decisions that are younger than traces may be and are not there. */
  missing: string[];
}

/**
 * Says things under repeated keys while the wall clock jumps and the process ends, properly or not. Answers with what
 * broke a rule: time is what the service says it is, and what must hold is told in that time alone.
 */
async function runProgram(
  open: () => Promise<Store>,
  program: readonly Step[],
): Promise<unknown[]> {
  let wall = START;
  let store = await open();
  let engine = createClocked(store);
  /** What time was last, what a write or a proper end has stored of it, and the most it has ever been. */
  let seen = 0;
  let stored = 0;
  let most = 0;
  const broken: unknown[] = [];
  const answers = new Map<number, Remembered>();
  const said: { city: string; traceId: string; at: number }[] = [];

  function createClocked(opened: Store): Engine {
    return createEngine({
      store: opened,
      now: () => wall,
      retention: { traceAge: TRACE_AGE, every: HOUR },
    });
  }

  function time(): number {
    const now = engine.now();
    const least = Math.max(seen, wall);
    // changes of one millisecond follow each other a millisecond apart
    const latest = Math.max(most, wall) + said.length;
    if (now < least || now > latest) broken.push({ now, least, latest });
    seen = now;
    most = Math.max(most, now);
    return now;
  }

  async function say(sessionId: string, key: number, city: string): Promise<void> {
    const now = time();
    const known = answers.get(key);
    const outcome = await engine.remember({
      caller: CALLER,
      idempotency: {
        ref: { context: "dev", principal: "p", key: String(key) },
        fingerprint: "f",
        retention: ANSWER_AGE,
      },
      sessionId,
      messages: [{ role: "user", content: `I live in ${city}.` }],
      infer: "full",
      triples: [],
      diff: "none",
      labels: [],
      answer: { kind: "batch" },
    });
    const live = known !== undefined && now < known.expiresAt ? known.body : undefined;
    if ((outcome.replayed ? outcome.body : undefined) !== live)
      broken.push({ key, live: live !== undefined, replayed: outcome.replayed });
    if (outcome.replayed) return;
    stored = Math.max(stored, now);
    answers.set(key, { body: JSON.stringify(outcome.body), expiresAt: now + ANSWER_AGE });
    said.push({ city, traceId: outcome.body.traceId ?? "", at: now });
  }

  async function look(id: string): Promise<Look> {
    const { turns } = await engine.read("listTurns", { caller: CALLER, id, limit: 500 });
    const state = await engine.read("readState", {
      caller: CALLER,
      clamp: { patterns: ["/*"] },
      at: engine.now(),
      limit: 100,
      corrections: false,
    });
    const { traces } = await engine.read("listTraces", { caller: CALLER, limit: 500 });
    const kept = new Set(traces.map((trace) => trace.id));
    const oldest = time() - TRACE_AGE;
    return {
      transcript: turns
        .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt))
        .map(({ content }) => content),
      homes: [state.identity, state.knowledge, state.context]
        .flatMap(({ attributes }) => attributes)
        .map(({ value }) => value),
      missing: said.flatMap(({ at, traceId }) =>
        at >= oldest && !kept.has(traceId) ? [traceId] : [],
      ),
    };
  }

  await engine.bootstrap(KEY);
  time();
  const made = await engine.createSession({ caller: CALLER, scopes: [["u/a"]], metadata: {} });
  const session = (made.body as { id: string }).id;
  for (const step of program) {
    if (step.do === "say") await say(session, step.key, CITIES[step.city] ?? "");
    if (step.do === "jump") wall += step.by;
    if (step.do === "restart") {
      if (!step.crash) stored = time();
      // a store that is closed under its engine is what a process leaves that just ends
      await (step.crash ? store : engine).close();
      wall += step.by;
      store = await open();
      engine = createClocked(store);
      seen = stored;
    }
    time();
    const found = await look(session);
    const expected: Look = {
      transcript: said.map(({ city }) => `I live in ${city}.`),
      homes: said.slice(-1).map(({ city }) => city),
      missing: [],
    };
    if (!isDeepStrictEqual(found, expected)) broken.push({ found, expected });
  }
  await engine.close();
  return broken;
}

test(
  "time never goes back: nothing expired lives again, nothing goes early, order stays",
  { timeout: 3_600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        const folder = await mkdtemp(join(tmpdir(), "spectron-clock-"));
        const path = join(folder, "memory.db");
        const broken = await runProgram(async () => openSqliteStore({ path }), program);
        await rm(folder, { recursive: true, force: true });
        expect(broken).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  },
);

describe("on PostgreSQL", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startTestPostgres();
  });
  afterAll(async () => {
    await server.stop();
  });

  test("time never goes back either", { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        const schema = `clock_${randomBytes(6).toString("hex")}`;
        const open = async (): Promise<Store> =>
          openPostgresStore({ url: server.url, schema, connections: 2 });
        expect(await runProgram(open, program)).toEqual([]);
      }),
      { numRuns: Math.ceil(RUNS / 20) },
    );
  });
});
