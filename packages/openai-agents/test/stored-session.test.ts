import { assistantMessage, functionCall } from "@openai/agents/testing";
import type { AgentInputItem } from "@openai/agents";
import { RunContext } from "@openai/agents";
import { MemoryError } from "@spectron/core";
import { memorySession } from "@spectron/openai-agents";
import { startTestService } from "@spectron/testing";
import { describe, expect, test } from "vitest";
import { openService, user } from "./open-service.ts";

const { person, service } = openService();

const call = (callId: string, args = "{}"): AgentInputItem =>
  ({ ...functionCall("lookup", args, { callId }), status: "completed" }) as AgentInputItem;
const result = (callId: string, output: string): AgentInputItem => ({
  type: "function_call_result",
  name: "lookup",
  callId,
  status: "completed",
  output,
});

describe("items", () => {
  test("come back as they were, in order, through another object", async () => {
    const alice = person();
    const items: AgentInputItem[] = [
      user("I live in Braga."),
      { type: "reasoning", content: [], providerData: { encrypted: "x".repeat(1000) } },
      call("c1", '{"b":1, "a":2}'),
      result("c1", "found"),
      assistantMessage("Nice city.", { providerData: { annotations: [{ index: 1 }] } }),
    ];
    await alice.open().addItems(items);
    expect(await alice.open().getItems()).toEqual(items);
    expect(JSON.stringify(await alice.open().getItems())).toBe(JSON.stringify(items));
  });

  test("a limit gives the newest of them, oldest first", async () => {
    const session = person().open();
    await session.addItems([user("one"), assistantMessage("two"), user("three")]);
    expect(await session.getItems(2)).toEqual([assistantMessage("two"), user("three")]);
    expect(await session.getItems(0)).toEqual([]);
    expect(await session.getItems(-1)).toEqual([]);
    expect(await session.getItems(99)).toHaveLength(3);
  });

  test("are copies both ways", async () => {
    const session = person().open();
    const mine = user("kept") as { content: string };
    const adding = session.addItems([mine as AgentInputItem]);
    mine.content = "changed before it was stored";
    await adding;
    const [read] = (await session.getItems()) as unknown as [{ content: string }];
    read.content = "changed after it was read";
    expect(await session.getItems()).toEqual([user("kept")]);
  });

  test("may hold bytes", async () => {
    const session = person().open();
    const data = Uint8Array.from([0, 1, 254, 255]);
    const item = {
      type: "function_call_result",
      name: "draw",
      callId: "c1",
      status: "completed",
      output: { type: "image", image: { data, mediaType: "image/png" } },
    } as AgentInputItem;
    await session.addItems([item]);
    expect(await session.getItems()).toEqual([item]);
  });

  test("the session id is the application's own and costs no request", async () => {
    const alice = person();
    const before = service().requests.length;
    expect(await alice.open().getSessionId()).toBe(alice.session);
    expect(service().requests).toHaveLength(before);
  });

  test("no items is no request", async () => {
    const alice = person();
    const before = service().requests.length;
    await alice.open().addItems([]);
    await alice.open().applyHistoryMutations({ mutations: [] });
    expect(service().requests).toHaveLength(before);
  });

  test("a session id is required", () => {
    expect(() => person().open({ session: " " })).toThrow(MemoryError);
  });
});

describe("pop and clear", () => {
  test("pop takes the newest item and clear all of them; what memory learned stays", async () => {
    const alice = person();
    const session = alice.open();
    await session.addItems([user("I live in Braga."), assistantMessage("Nice city.")]);
    expect(await session.popItem()).toEqual(assistantMessage("Nice city."));
    expect(await alice.open().getItems()).toEqual([user("I live in Braga.")]);
    await session.clearSession();
    expect(await alice.open().getItems()).toEqual([]);
    expect(await session.popItem()).toBeUndefined();
    expect(await alice.facts()).toEqual(["home_city: Braga"]);
  });
});

describe("what is remembered", () => {
  test("the same words said in two turns are two units", async () => {
    const alice = person();
    await alice.open().addItems([user("ok"), assistantMessage("fine")]);
    await alice.open().addItems([user("ok"), assistantMessage("fine")]);
    expect(await alice.remembered()).toEqual([
      "user: ok",
      "assistant: fine",
      "user: ok",
      "assistant: fine",
    ]);
  });

  test("an input that a failed run left behind is not heard again when it is sent again", async () => {
    const alice = person();
    await alice.open().addItems([user("I live in Braga.")]);
    await alice.open().addItems([user("I live in Braga."), assistantMessage("Nice city.")]);
    expect(await alice.open().getItems()).toHaveLength(3);
    expect(await alice.remembered()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
  });

  test("a call and a result are heard once, whoever stores them again", async () => {
    const alice = person();
    const open = (): ReturnType<typeof alice.open> =>
      alice.open({ tools: { include: ["lookup"] } });
    await open().addItems([user("look"), call("c1")]);
    await open().addItems([result("c1", "in Braga")]);
    await open().addItems([result("c1", "in Braga again")]);
    await open().addItems([call("c1"), assistantMessage("Found.")]);
    expect(await open().getItems()).toHaveLength(6);
    expect(await alice.remembered()).toEqual([
      "user: look",
      "assistant: called lookup({})",
      "tool: in Braga",
      "assistant: Found.",
    ]);
  });

  test("results of tools that are not listed, reasoning, system text, files and injected items are not", async () => {
    const alice = person();
    const injected = {
      ...user("Memory: Porto"),
      providerData: { spectron: { injected: true } },
    } as AgentInputItem;
    await alice.open().addItems([
      { role: "system", content: "You are a pirate." },
      injected,
      { type: "reasoning", content: [{ type: "input_text", text: "secret" }] },
      result("c9", "not listed"),
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "see" },
          { type: "input_image", image: "data:image/png;base64,AAAA" },
        ],
      },
    ]);
    expect(await alice.remembered()).toEqual(["user: see\n[image]"]);
    expect(await alice.open().getItems()).toHaveLength(5);
  });

  test("nothing with store never, and the transcript is kept", async () => {
    const alice = person();
    await alice.open({ store: "never" }).addItems([user("I live in Braga.")]);
    expect(await alice.facts()).toEqual([]);
    expect(await alice.open().getItems()).toEqual([user("I live in Braga.")]);
  });
});

test("two turns are four units whose keys and words are the same in every process", async () => {
  const own = await startTestService();
  const open = (): ReturnType<typeof memorySession> =>
    memorySession({ spectron: own.spectron, scope: "org/acme/user/alice", session: "thread-42" });
  await open().addItems([user("I live in Braga."), assistantMessage("Nice city.")]);
  await open().addItems([user("ok"), assistantMessage("Fine.")]);
  const units = own
    .batches()
    .map(({ key, body }) => [
      key,
      ...body.messages.map(({ role, content }) => `${role}: ${content}`),
    ]);
  await own.stop();
  expect(units).toMatchInlineSnapshot(`
    [
      [
        "mem1-openai-agents-oea6zNwYnjPx-EqXt6b6CUQeuwifsFMck3Q-PDWcrSU",
        "user: I live in Braga.",
      ],
      [
        "mem1-openai-agents-tXMC0w0TSTCbrjNW8rNWNrZJQxCt1axQMzD4Tqw7pQs",
        "assistant: Nice city.",
      ],
      [
        "mem1-openai-agents-G3j_JltD2W2uKPyNab4XiLfhYMl8M3q31D0SA23dAa4",
        "user: ok",
      ],
      [
        "mem1-openai-agents-H97Xa_PJNANEUFyvAb4ccWBvYAZW0n9CXtGLBAirZl0",
        "assistant: Fine.",
      ],
    ]
  `);
});

describe("history transactions", () => {
  test("an append happens once for its operation id, in any object", async () => {
    const alice = person();
    const args = {
      operationId: "op-1",
      transaction: { type: "append_items" as const, items: [user("I live in Braga.")] },
    };
    await alice.open().applyHistoryTransaction(args);
    await alice.open().applyHistoryTransaction(args);
    expect(await alice.open().getItems()).toEqual([user("I live in Braga.")]);
    expect(await alice.remembered()).toEqual(["user: I live in Braga."]);
  });

  test("an operation id with another transaction fails and changes nothing", async () => {
    const session = person().open();
    const append = (text: string): Parameters<typeof session.applyHistoryTransaction>[0] => ({
      operationId: "op-1",
      transaction: { type: "append_items", items: [user(text)] },
    });
    await session.applyHistoryTransaction(append("one"));
    await expect(session.applyHistoryTransaction(append("two"))).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(
      session.applyHistoryTransaction({
        operationId: "op-1",
        transaction: { type: "replace_suffix", expectedSuffix: [user("one")], replacement: [] },
      }),
    ).rejects.toMatchObject({ code: "conflict" });
    expect(await session.getItems()).toEqual([user("one")]);
  });

  test("a suffix is replaced when it matches and left alone when it does not", async () => {
    const alice = person();
    const session = alice.open();
    const replace = (
      operationId: string,
      expected: string,
    ): Parameters<typeof session.applyHistoryTransaction>[0] => ({
      operationId,
      transaction: {
        type: "replace_suffix",
        expectedSuffix: [assistantMessage(expected)],
        replacement: [assistantMessage(expected), assistantMessage("and more")],
      },
    });
    await session.addItems([user("hi"), assistantMessage("hello")]);
    await expect(session.applyHistoryTransaction(replace("op-1", "bye"))).rejects.toMatchObject({
      code: "conflict",
    });
    expect(await session.getItems()).toHaveLength(2);
    await session.applyHistoryTransaction(replace("op-2", "hello"));
    await session.applyHistoryTransaction(replace("op-2", "hello"));
    expect(await session.getItems()).toEqual([
      user("hi"),
      assistantMessage("hello"),
      assistantMessage("and more"),
    ]);
    expect(await alice.remembered()).toEqual([
      "user: hi",
      "assistant: hello",
      "assistant: and more",
    ]);
  });

  test("clearing the session frees its operation ids", async () => {
    const session = person().open();
    const args = {
      operationId: "op-1",
      transaction: { type: "append_items" as const, items: [user("again")] },
    };
    await session.applyHistoryTransaction(args);
    await session.clearSession();
    await session.applyHistoryTransaction(args);
    expect(await session.getItems()).toEqual([user("again")]);
  });

  test("an operation id must not be empty, and the transaction of a known type", async () => {
    const session = person().open();
    await expect(
      session.applyHistoryTransaction({
        operationId: " ",
        transaction: { type: "append_items", items: [user("x")] },
      }),
    ).rejects.toMatchObject({ code: "validation" });
    await expect(
      session.applyHistoryTransaction({
        operationId: "op",
        transaction: { type: "shuffle" } as never,
      }),
    ).rejects.toMatchObject({ code: "validation" });
  });
});

describe("history rewrites", () => {
  test("a changed call takes the place of the first of its id, further ones go", async () => {
    const session = person().open();
    await session.addItems([user("a"), call("c1"), call("c2"), call("c1"), user("b")]);
    const replacement = call("c1", '{"safe":true}') as Extract<
      AgentInputItem,
      { type: "function_call" }
    >;
    await session.applyHistoryMutations({
      mutations: [{ type: "replace_function_call", callId: "c1", replacement }],
    });
    expect(await session.getItems()).toEqual([user("a"), replacement, call("c2"), user("b")]);
  });

  test("a compacted history takes the place of the old one, and memory keeps what it knew", async () => {
    const alice = person();
    const session = alice.open();
    await session.addItems([user("I live in Braga."), assistantMessage("Nice city.")]);
    const compacted: AgentInputItem[] = [
      { type: "compaction", encrypted_content: "sealed" },
      user("I live in Braga."),
    ];
    await session.replaceHistoryWithCompaction(compacted);
    expect(await alice.open().getItems()).toEqual(compacted);
    expect(await alice.remembered()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
  });
});

describe("run context", () => {
  test("the scope may come from the run's context, and people do not mix", async () => {
    const alice = person();
    const bob = person();
    const shared = memorySession({
      spectron: alice.spectron,
      scope: (context) => (context as { scope: string } | undefined)?.scope,
      session: "shared",
    });
    expect(shared.acceptsRunContext).toBe(true);
    const as = (scope: string): RunContext => new RunContext<unknown>({ scope });
    await shared.addItems([user("I live in Braga.")], as(alice.scope));
    await shared.addItems([user("I live in Porto.")], as(bob.scope));
    expect(await shared.getItems(undefined, as(alice.scope))).toEqual([user("I live in Braga.")]);
    expect(await alice.facts()).toEqual(["home_city: Braga"]);
    expect(await bob.facts()).toEqual(["home_city: Porto"]);
    await expect(shared.getItems()).rejects.toMatchObject({ code: "configuration" });
  });
});
