import type { Engine } from "@spectron/engine";
import type { Store } from "../src/stores/store.ts";
import { CALLER, KEY } from "./principal.ts";

/** Every write route in a fixed order; run again from the start after a kill, it changes nothing that was done. */
export async function runProgram(
  engine: Engine,
  store: Store,
  acknowledge: (step: string) => void,
): Promise<void> {
  await engine.bootstrap(KEY);
  acknowledge("bootstrap");
  const open = async (externalId: string): Promise<string> => {
    const outcome = await engine.createSession({
      caller: CALLER,
      scopes: [["u/a"]],
      metadata: {},
      externalId,
    });
    acknowledge(`open ${externalId}`);
    return (outcome.body as { id: string }).id;
  };
  const say = async (
    sessionId: string,
    key: string,
    ...messages: { text: string; id?: string; parts?: unknown }[]
  ): Promise<void> => {
    await engine.remember({
      caller: CALLER,
      idempotency: {
        ref: { context: "dev", principal: "p", key },
        fingerprint: key,
        retention: 1e9,
      },
      sessionId,
      messages: messages.map(({ text, id, parts }) => ({ role: "user", content: text, id, parts })),
      infer: "full",
      triples: [],
      diff: "whole_conversation",
      labels: [],
      answer: { kind: "batch" },
    });
    acknowledge(`say ${key}`);
  };
  const first = await open("first");
  const turn = (seq: number): string => `turn_${first.slice("sess_".length)}_${seq}`;
  await say(
    first,
    "1",
    { text: "I live in Braga.", id: "m1", parts: { a: 1 } },
    { text: "Hello." },
  );
  await say(first, "2", { text: "My name is Ana." }, { text: "I like tea." });
  await say(first, "3", { text: "I live in Porto.", id: "m1" });
  const { turns } = await store.read("listTurns", { caller: CALLER, id: first, limit: 100 });
  await store.write("putVectors", {
    context: "dev",
    model: "m",
    vectors: new Map(turns.map((_, index) => [2 ** 22 + index + 1, new Int8Array([1, 2, 3])])),
  });
  acknowledge("vectors");
  await engine.holdTurns({ caller: CALLER, ids: [turn(4)], held: true });
  acknowledge("hold");
  await engine.retract({ caller: CALLER, sessionId: first, turnId: turn(3), purge: true });
  acknowledge("retract");
  await engine.forget({ caller: CALLER, ids: [turn(2)], purge: true, dryRun: false });
  acknowledge("forget");
  await engine.decay(CALLER);
  await engine.expire(CALLER);
  acknowledge("lifecycle");
  const second = await open("second").catch(() => undefined);
  if (second !== undefined) {
    await say(second, "4", { text: "This goes." });
    await engine.purgeSession({ caller: CALLER, id: second });
    acknowledge("purge");
  }
  await store.write("sweep", {
    retention: { traceAge: 0, traceCount: 0 },
    now: engine.now(),
    limit: 100,
  });
  acknowledge("sweep");
}

/** All that may be seen, without ids and instants. */
export async function seen(engine: Engine): Promise<unknown> {
  const clamp = { patterns: ["/*"] };
  const { sessions } = await engine.read("listSessions", { caller: CALLER, clamp, limit: 100 });
  const state = await engine.read("readState", {
    caller: CALLER,
    clamp,
    at: engine.now(),
    limit: 100,
    corrections: false,
  });
  const transcripts = await Promise.all(
    sessions
      .filter(({ externalId }) => externalId === "first")
      .map(async ({ id }) => {
        const { turns } = await engine.read("listTurns", {
          caller: CALLER,
          id,
          limit: 100,
          includeRevised: true,
        });
        return turns.map(({ content, seq }) => `${seq} ${content}`);
      }),
  );
  return {
    transcripts,
    facts: [state.identity, state.knowledge, state.context]
      .flatMap(({ attributes }) => attributes.map(({ key, value }) => `${key}: ${value}`))
      .toSorted(),
  };
}
