import { Agent, Runner } from "@openai/agents";
import { ScriptedModel, assistantMessage } from "@openai/agents/testing";
import { createSpectron } from "@spectron/core";
import type { OnError, Spectron } from "@spectron/core";
import { memorySession, withMemoryInstructions } from "@spectron/openai-agents";
import { describe, expect, test, vi } from "vitest";
import { openService, user } from "./open-service.ts";
import type { Person } from "./open-service.ts";

const { person, service } = openService();
const runner = new Runner({ tracingDisabled: true });

type Fault = (request: Request) => "pass" | "fail" | "busy" | "lose" | "hang";

/** The same service behind a bad line. */
function badLine(fault: Fault, retries = 0): { spectron: Spectron; keys: (string | null)[] } {
  const keys: (string | null)[] = [];
  const spectron = createSpectron({
    ...service().service,
    retries,
    retryBaseMs: 1,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      if (request.url.endsWith("/facts/batch")) keys.push(request.headers.get("idempotency-key"));
      const what = fault(request);
      if (what === "fail") throw new TypeError("fetch failed");
      if (what === "busy") return Response.json({ code: "unavailable" }, { status: 503 });
      if (what === "hang") return new Promise<Response>(() => undefined);
      const response = await service().service.fetch(request);
      if (what === "lose") throw new TypeError("fetch failed");
      return response;
    },
  });
  return { spectron, keys };
}

const isWrite = (request: Request): boolean => request.url.endsWith("/facts/batch");
const isHistory = (request: Request): boolean => request.url.includes("/turns");

async function ask(
  alice: Person,
  spectron: Spectron,
  changes: Record<string, unknown> = {},
): Promise<string | undefined> {
  const { scope, session, onError } = alice;
  const agent = withMemoryInstructions(
    new Agent({ name: "A", model: new ScriptedModel([[assistantMessage("Nice city.")]]) }),
    { spectron, scope, session, onError, recall: false },
  );
  const kept = memorySession({ spectron, scope, session, onError, timeoutMs: 60_000, ...changes });
  return (await runner.run(agent, "I live in Braga.", { session: kept })).finalOutput;
}

describe("a write", () => {
  test.each(["busy", "lose"] as const)(
    "that meets a %s service is repeated under its key and stored once",
    async (fault) => {
      const alice = person();
      let left = 2;
      const { spectron, keys } = badLine(
        (request) => (isWrite(request) && left-- > 0 ? fault : "pass"),
        3,
      );
      expect(await ask(alice, spectron)).toBe("Nice city.");
      expect(new Set(keys.slice(0, 3)).size).toBe(1);
      expect(await alice.open().getItems()).toHaveLength(2);
      expect(await alice.facts()).toEqual(["home_city: Braga"]);
      expect(alice.errors).toEqual([]);
    },
  );

  test("that fails for good takes no answer away, and is told as the transcript's", async () => {
    const alice = person();
    const { spectron } = badLine((request) => (isWrite(request) ? "fail" : "pass"));
    expect(await ask(alice, spectron)).toBe("Nice city.");
    expect(alice.errors).toEqual(["transcript: connection"]);
    expect(await alice.open().getItems()).toEqual([]);
  });

  test.each(["busy", "lose"] as const)(
    "that a %s service took away from a run is stored later, once, before what is said then",
    async (fault) => {
      const alice = person();
      let down = true;
      const { spectron } = badLine((request) => (isWrite(request) && down ? fault : "pass"));
      const { scope, session, onError } = alice;
      const kept = memorySession({ spectron, scope, session, onError, timeoutMs: 60_000 });
      const say = async (answer: string): Promise<void> => {
        const model = new ScriptedModel([[assistantMessage(answer)]]);
        await runner.run(new Agent({ name: "A", model }), "yes", { session: kept });
      };
      await alice.open().addItems([user("yes"), assistantMessage("Fine.")]);
      await say("Fine.");
      expect((await spectron.flush()).undelivered).toBe(1);
      down = false;
      await say("Good.");
      expect((await spectron.flush()).undelivered).toBe(0);
      expect(JSON.stringify(await alice.open().getItems())).toBe(
        JSON.stringify(
          ["Fine.", "Fine.", "Good."].flatMap((answer) => [user("yes"), assistantMessage(answer)]),
        ),
      );
    },
  );

  test("that was kept goes first through every session object of its conversation, and into no other", async () => {
    const alice = person();
    let down = true;
    const { spectron } = badLine((request) => (isWrite(request) && down ? "fail" : "pass"));
    const say = async (text: string, changes: Record<string, unknown> = {}): Promise<void> => {
      const { scope, session, onError } = alice;
      const fresh = memorySession({
        spectron,
        scope,
        session,
        onError,
        timeoutMs: 60_000,
        ...changes,
      });
      const model = new ScriptedModel([[assistantMessage("Fine.")]]);
      await runner.run(new Agent({ name: "A", model }), text, { session: fresh });
    };
    await say("one");
    await say("two");
    expect((await spectron.flush()).undelivered).toBe(2);
    down = false;
    await say("elsewhere", { session: `${alice.session}-other` });
    await say("three");
    expect((await spectron.flush()).undelivered).toBe(0);
    expect(await alice.open().getItems()).toEqual(
      ["one", "two", "three"].flatMap((text) => [
        expect.objectContaining({ role: "user", content: text }),
        expect.objectContaining({ role: "assistant" }),
      ]),
    );
    expect(await alice.open({ session: `${alice.session}-other` }).getItems()).toHaveLength(2);
  });

  test("that fails for good rejects the run where that was asked for", async () => {
    const alice = person();
    const { spectron } = badLine((request) => (isWrite(request) ? "fail" : "pass"));
    await expect(ask(alice, spectron, { failureMode: "throw" })).rejects.toMatchObject({
      code: "connection",
    });
  });

  test("that does not answer is waited for only so long, and handed to waitUntil", async () => {
    const alice = person();
    const { spectron } = badLine((request) => (isWrite(request) ? "hang" : "pass"));
    const waiting: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>): void => void waiting.push(promise);
    expect(await ask(alice, spectron, { timeoutMs: 200, waitUntil })).toBe("Nice city.");
    expect(new Set(alice.errors)).toEqual(new Set(["transcript: timeout"]));
    expect(waiting.length).toBeGreaterThan(0);
  });

  test("of an application's own is told to it", async () => {
    const alice = person();
    const { spectron } = badLine((request) => (isWrite(request) ? "fail" : "pass"));
    await expect(alice.open({ spectron }).addItems([user("hi")])).rejects.toMatchObject({
      code: "connection",
    });
    await expect(
      alice.open({ spectron }).applyHistoryTransaction({
        operationId: "op",
        transaction: { type: "append_items", items: [user("hi")] },
      }),
    ).rejects.toMatchObject({ code: "connection" });
    expect(alice.errors).toEqual([]);
  });

  test("of the answer does not follow a lost input", async () => {
    const alice = person();
    let writes = 0;
    const { spectron } = badLine((request) =>
      isWrite(request) && writes++ === 0 ? "fail" : "pass",
    );
    await expect(
      alice.open({ spectron }).addItems([user("I live in Braga."), assistantMessage("Nice city.")]),
    ).rejects.toMatchObject({ code: "connection" });
    expect(await alice.open().getItems()).toEqual([]);
  });
});

describe("a service that hangs", () => {
  /** Answers nothing until it wakes up; then what was asked meanwhile too. */
  function sleeper(): { spectron: Spectron; asked: () => number; wake: () => void } {
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    const spectron = createSpectron({
      ...service().service,
      close: undefined,
      fetch: async (input, init) => {
        asked += 1;
        await gate.promise;
        return service().service.fetch(input, init);
      },
    });
    return { spectron, asked: () => asked, wake: gate.resolve };
  }

  test("is waited for once, asked nothing more, and given what was said when it answers", async () => {
    const alice = person();
    const { spectron, asked, wake } = sleeper();
    const heard: string[] = [];
    const onError: OnError = ({ code }, { operation, kept }) => {
      heard.push(`${operation} ${code} ${kept}`);
    };
    expect(await ask(alice, spectron, { timeoutMs: 100, onError })).toBe("Nice city.");
    expect(heard).toEqual(["transcript timeout undefined", "transcript connection true"]);
    const once = asked();
    expect(await ask(alice, spectron, { timeoutMs: 100, onError })).toBe("Nice city.");
    expect(asked()).toBe(once);
    expect(heard.slice(2)).toEqual([
      "transcript connection undefined",
      "transcript connection true",
    ]);
    expect(await spectron.flush({ timeoutMs: 10 })).toEqual({ undelivered: 2 });

    wake();
    expect(await spectron.flush()).toEqual({ undelivered: 0 });
    expect(await alice.open().getItems()).toHaveLength(4);
    // its late answer says that it can be asked again
    expect(await ask(alice, spectron, { onError })).toBe("Nice city.");
    expect(heard).toHaveLength(4);
  });

  test("costs a run no more than its bound, two seconds, once", async () => {
    const alice = person();
    const { spectron } = sleeper();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const waits: number[] = [];
      for (let run = 0; run < 3; run += 1) {
        let isOver = false;
        const running = ask(alice, spectron, { timeoutMs: undefined }).finally(() => {
          isOver = true;
        });
        let waited = 0;
        // what is not about time takes none on this clock
        const settled = async (): Promise<boolean> => {
          for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
          return isOver;
        };
        for (; !(await settled()); waited += 100) await vi.advanceTimersByTimeAsync(100);
        expect(await running).toBe("Nice city.");
        waits.push(waited);
      }
      expect(waits[0]).toBeLessThanOrEqual(2200);
      expect(waits.slice(1)).toEqual([0, 0]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a key that is refused", () => {
  test("keeps what a run said until it is accepted again", async () => {
    const alice = person();
    let isRefused = true;
    const spectron = createSpectron({
      ...service().service,
      close: undefined,
      fetch: async (input, init) =>
        isRefused
          ? Response.json({ code: "unauthorized" }, { status: 401 })
          : service().service.fetch(input, init),
    });
    expect(await ask(alice, spectron)).toBe("Nice city.");
    expect(alice.errors).toEqual(["transcript: unauthorized", "transcript: unauthorized"]);
    expect(await spectron.flush()).toEqual({ undelivered: 1 });
    isRefused = false;
    expect(await spectron.flush()).toEqual({ undelivered: 0 });
    expect(await alice.open().getItems()).toHaveLength(2);
  });
});

describe("a history", () => {
  test("that cannot be read is told, and the run goes on without it", async () => {
    const alice = person();
    await alice.open().addItems([user("Hello."), assistantMessage("Hi.")]);
    let reads = 0;
    const { spectron } = badLine((request) =>
      isHistory(request) && reads++ === 0 ? "fail" : "pass",
    );
    expect(await ask(alice, spectron)).toBe("Nice city.");
    expect(alice.errors).toEqual(["transcript: connection"]);
    expect(await alice.open().getItems()).toHaveLength(4);
  });

  test("that cannot be read rejects an application's own call, which would else show an empty chat", async () => {
    const alice = person();
    const { spectron } = badLine((request) => (isHistory(request) ? "fail" : "pass"));
    for (const call of [
      async () => alice.open({ spectron }).getItems(),
      async () => alice.open({ spectron }).popItem(),
      async () => alice.open({ spectron }).clearSession(),
    ])
      await expect(call()).rejects.toMatchObject({ code: "connection" });
  });
});

test("a service that keeps no items is refused at once, in a run too, and the way out works", async () => {
  const alice = person();
  const spectron = createSpectron({
    url: "http://127.0.0.1:9",
    context: "dev",
    fetch: async () => Response.json({ status: "ok", capabilities: ["external-session-id"] }),
  });
  await expect(ask(alice, spectron)).rejects.toMatchObject({ code: "unsupported" });
});

test("two runs at the same time on one agent do not mix their people", async () => {
  const people = [person(), person()];
  const { spectron } = people[0] as Person;
  const model = new ScriptedModel([[assistantMessage("Fine.")], [assistantMessage("Fine.")]]);
  const agent = withMemoryInstructions(new Agent<unknown>({ name: "A", model }), {
    spectron,
    scope: (context) => (context as Person).scope,
    session: (context) => (context as Person).session,
  });
  const session = memorySession({
    spectron,
    scope: (context) => (context as Person | undefined)?.scope,
    session: "one-thread",
  });
  const cities = ["Braga", "Porto"];
  await Promise.all(
    people.map(async (context, index) =>
      runner.run(agent, `I live in ${cities[index]}.`, { context, session }),
    ),
  );
  for (const [index, alice] of people.entries())
    expect(await alice.facts()).toEqual([`home_city: ${cities[index]}`]);
});
