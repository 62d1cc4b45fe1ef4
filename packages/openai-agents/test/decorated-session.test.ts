import { Agent, MemorySession, RunContext, Runner } from "@openai/agents";
import type { AgentInputItem, Session } from "@openai/agents";
import { ScriptedModel, assistantMessage } from "@openai/agents/testing";
import { memorySession } from "@spectron/openai-agents";
import { describe, expect, test } from "vitest";
import { openService, user } from "./open-service.ts";
import type { Person } from "./open-service.ts";

const { person } = openService();
const runner = new Runner({ tracingDisabled: true });

/** The least a session can be. */
function plainSession(items: AgentInputItem[] = []): Session & { calls: unknown[][] } {
  const calls: unknown[][] = [];
  return {
    calls,
    getSessionId: async () => "plain",
    getItems: async (...args) => {
      calls.push(["getItems", ...args]);
      return args[0] === undefined ? [...items] : items.slice(-args[0]);
    },
    addItems: async (...args) => {
      calls.push(["addItems", ...args]);
      items.push(...args[0]);
    },
    popItem: async (...args) => {
      calls.push(["popItem", ...args]);
      return items.pop();
    },
    clearSession: async (...args) => {
      calls.push(["clearSession", ...args]);
      items.length = 0;
    },
  };
}

const beside = <Inner extends Session>(alice: Person, transcript: Inner): Inner => {
  const { spectron, scope, session, onError } = alice;
  return memorySession({ spectron, scope, session, onError, transcript });
};

const CAPABILITIES = [
  "applyHistoryTransaction",
  "applyHistoryMutations",
  "replaceHistoryWithCompaction",
  "runCompaction",
  "addItemsWithCompactionOwnership",
  "prepareHistoryItemForModelInput",
  "prepareHistoryItemsForPersistenceComparison",
  "preserveReasoningItemIdsForPersistence",
];

describe("capabilities", () => {
  test("are exactly those of the session that keeps the items", () => {
    const alice = person();
    for (const inner of [plainSession(), new MemorySession()]) {
      const decorated = beside(alice, inner as Session);
      const of = (session: Session): string[] =>
        CAPABILITIES.filter(
          (name) => name in session && typeof Reflect.get(session, name) === "function",
        );
      expect(of(decorated)).toEqual(of(inner));
    }
  });

  test("the run's context goes on only to a session that accepts it", async () => {
    const alice = person();
    const inner = plainSession();
    const context = new RunContext();
    const decorated = beside(alice, inner as Session) as MemorySession & Session;
    await (decorated.addItems as (...args: unknown[]) => Promise<void>)([user("hi")], context);
    await (decorated.popItem as (...args: unknown[]) => Promise<unknown>)(context);
    expect(inner.calls.flat()).not.toContain(context);
    const accepting = Object.assign(plainSession(), { acceptsRunContext: true });
    await (beside(alice, accepting as Session).addItems as (...args: unknown[]) => Promise<void>)(
      [user("hi")],
      context,
    );
    expect(accepting.calls).toContainEqual(["addItems", [user("hi")], context]);
  });
});

test("a frozen session, and one with private fields, can be decorated", async () => {
  const alice = person();
  await beside(alice, Object.freeze(plainSession()) as Session).addItems([user("hi")]);
  expect(await alice.remembered()).toEqual(["user: hi"]);
  const decorated = beside(alice, new MemorySession({ sessionId: "theirs" }));
  expect(decorated).toBeInstanceOf(MemorySession);
  expect(await decorated.getSessionId()).toBe("theirs");
});

test("items go to the other session, and what was said to memory, under keys that a restart repeats", async () => {
  const alice = person();
  const inner = new MemorySession();
  const items = [user("I live in Braga."), assistantMessage("Nice city.")];
  await beside(alice, inner).addItems(items);
  expect(await inner.getItems()).toEqual(items);
  expect(await alice.remembered()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
  await inner.clearSession();
  await beside(alice, inner).addItems(items);
  expect(new Set(await alice.remembered()).size).toBe(2);
  expect(await alice.facts()).toEqual(["home_city: Braga"]);
});

test("a transaction is heard once, and what a replacement keeps is not heard again", async () => {
  const alice = person();
  const session = beside(alice, new MemorySession());
  const append = {
    operationId: "op-1",
    transaction: { type: "append_items" as const, items: [user("hi"), assistantMessage("hello")] },
  };
  await session.applyHistoryTransaction(append);
  await session.applyHistoryTransaction({
    operationId: "op-2",
    transaction: {
      type: "replace_suffix",
      expectedSuffix: [assistantMessage("hello")],
      replacement: [assistantMessage("hello"), assistantMessage("and more")],
    },
  });
  expect(await alice.remembered()).toEqual(["user: hi", "assistant: hello", "assistant: and more"]);
});

test("an error of the other session is that session's own, and nothing of it is remembered", async () => {
  const alice = person();
  const broken = Object.assign(plainSession(), {
    addItems: async () => {
      throw new RangeError("disk full");
    },
  });
  await expect(beside(alice, broken).addItems([user("I live in Braga.")])).rejects.toThrow(
    RangeError,
  );
  expect(await alice.remembered()).toEqual([]);
  expect(alice.errors).toEqual([]);
});

test("an error of memory is told and leaves the other session and the run alone", async () => {
  const alice = person();
  const inner = new MemorySession();
  const agent = new Agent({ name: "A", model: new ScriptedModel([[assistantMessage("Nice.")]]) });
  const { spectron, onError } = alice;
  const session = memorySession({
    spectron,
    scope: "not a/valid//scope\u0000",
    session: "s",
    onError,
    transcript: inner,
  });
  const result = await runner.run(agent, "I live in Braga.", { session });
  expect(result.finalOutput).toBe("Nice.");
  expect(await inner.getItems()).toHaveLength(2);
  expect(alice.errors).toEqual(["bind: configuration"]);
});

test("what compaction puts back after a clear is not heard again", async () => {
  const alice = person();
  const session = beside(alice, plainSession() as Session);
  await session.addItems([user("I live in Braga."), assistantMessage("Nice city.")]);
  await session.clearSession();
  await session.addItems([
    user("I live in Braga."),
    { type: "compaction", encrypted_content: "x" },
  ]);
  await session.addItems([user("I work at Acme.")]);
  expect(await alice.remembered()).toEqual([
    "user: I live in Braga.",
    "assistant: Nice city.",
    "user: I work at Acme.",
  ]);
});
