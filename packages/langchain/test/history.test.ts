import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableWithMessageHistory } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { BufferMemory } from "@langchain/classic/memory";
import { ConversationChain } from "@langchain/classic/chains";
import type { OnError } from "@spectron/core";
import { SpectronChatMessageHistory } from "@spectron/langchain/history";
import type { SpectronChatMessageHistoryOptions } from "@spectron/langchain/history";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectErrors, startHarness } from "./harness.ts";
import type { Harness } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  await harness.stop();
});

type Options = Partial<SpectronChatMessageHistoryOptions>;

const BYTES = "iVBORw0KGgo".repeat(30);

function history(options: Options = {}): SpectronChatMessageHistory {
  return new SpectronChatMessageHistory({
    spectron: harness.spectron,
    scope: harness.newScope(),
    session: "thread-1",
    timeoutMs: 60_000,
    ...options,
  });
}
const dicts = (messages: readonly BaseMessage[]): unknown =>
  JSON.parse(JSON.stringify(messages.map((message) => message.toDict())));
const textsOf = (messages: readonly BaseMessage[]): string[] =>
  messages.map((message) => `${message.getType()}: ${message.content as string}`);

/** One conversation with everything that a message may carry. */
function richMessages(): BaseMessage[] {
  return [
    new SystemMessage("Be brief."),
    new HumanMessage({
      id: "u1",
      name: "Alice",
      content: [
        { type: "text", text: "I live in Braga. Look:" },
        { type: "image_url", image_url: { url: `data:image/png;base64,${BYTES}` } },
      ],
      additional_kwargs: { origin: "web" },
    }),
    new AIMessage({
      id: "a1",
      content: [
        { type: "reasoning", reasoning: "secret thoughts" },
        { type: "text", text: "Let me see." },
      ],
      tool_calls: [{ id: "c1", name: "weather", args: { unit: "C", city: "Braga" } }],
      invalid_tool_calls: [{ id: "c2", name: "broken", args: "{", error: "no JSON" }],
      usage_metadata: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
      response_metadata: { model: "m", logprobs: null },
      // the types of the two cores differ here
    } as never),
    new ToolMessage({
      id: "r1",
      content: "sunny",
      name: "weather",
      tool_call_id: "c1",
      artifact: { raw: [1, 2] },
      status: "success",
    }),
    new AIMessage({ id: "a2", content: "Sunny." }),
  ];
}

describe.each([
  ["kept in the service", undefined],
  ["kept in another history", (): InMemoryChatMessageHistory => new InMemoryChatMessageHistory()],
])("messages %s", (_, makeTranscript) => {
  const make = (options: Options = {}): SpectronChatMessageHistory =>
    history({
      ...(makeTranscript === undefined ? {} : { transcript: makeTranscript() }),
      ...options,
    });

  test("what comes back is what went in: calls, ids, blocks, metadata, artifacts", async () => {
    const scope = harness.newScope();
    const messages = make({ scope });
    await messages.addMessages(richMessages());
    expect(dicts(await messages.getMessages())).toEqual(dicts(richMessages()));
    expect((await messages.getMessages())[2]).toBeInstanceOf(AIMessage);
  });

  test("what was said becomes memory; prompts, reasoning, bytes and results of other tools do not", async () => {
    const scope = harness.newScope();
    await make({ scope }).addMessages(richMessages());
    await harness.spectron.flush();
    expect(await harness.stored(scope)).toEqual([
      "user: I live in Braga. Look:\n[image]",
      'assistant: Let me see.\ncalled weather({"city":"Braga","unit":"C"})',
      "assistant: Sunny.",
    ]);
    const { hits } = await harness.spectron.query({
      query: "Where do I live? secret brief",
      lens: [[scope]],
    });
    expect(JSON.stringify(hits)).toContain("Braga");
    expect(JSON.stringify(hits)).not.toMatch(/secret|Be brief|iVBOR|sunny"/);
  });

  test("an empty history has no messages, and adding none stores none", async () => {
    const scope = harness.newScope();
    const messages = make({ scope });
    await messages.addMessages([]);
    expect(await messages.getMessages()).toEqual([]);
    expect(harness.units(scope)).toEqual([]);
  });

  test("user and AI messages can be added one by one, in order, the same words twice", async () => {
    const messages = make();
    await messages.addUserMessage("ok");
    await messages.addAIMessage("Fine.");
    await messages.addUserMessage("ok");
    await messages.addMessage(new AIMessage("Fine."));
    expect(textsOf(await messages.getMessages())).toEqual([
      "human: ok",
      "ai: Fine.",
      "human: ok",
      "ai: Fine.",
    ]);
  });

  test("clearing empties the conversation and leaves what was learned", async () => {
    const scope = harness.newScope();
    const messages = make({ scope });
    await messages.addUserMessage("I live in Braga.");
    await messages.clear();
    expect(await messages.getMessages()).toEqual([]);
    await messages.addUserMessage("Hello again");
    expect(textsOf(await messages.getMessages())).toEqual(["human: Hello again"]);
    await harness.spectron.flush();
    const { hits } = await harness.spectron.query({ query: "Braga", lens: [[scope]] });
    expect(JSON.stringify(hits)).toContain("Braga");
  });

  test("the list that comes back is the caller's own", async () => {
    const messages = make();
    await messages.addUserMessage("hi");
    (await messages.getMessages()).push(new HumanMessage("forged"));
    expect(await messages.getMessages()).toHaveLength(1);
  });
});

test("a new process finds the conversation", async () => {
  const scope = harness.newScope();
  await history({ scope }).addMessages(richMessages());
  await history({ scope }).addMessages([new HumanMessage("And tomorrow?")]);
  const found = await history({ scope }).getMessages();
  expect(dicts(found)).toEqual(dicts([...richMessages(), new HumanMessage("And tomorrow?")]));
});

test("conversations and users are kept apart", async () => {
  const scope = harness.newScope();
  await history({ scope }).addUserMessage("mine");
  expect(await history({ scope, session: "thread-2" }).getMessages()).toEqual([]);
  expect(await history().getMessages()).toEqual([]);
});

test("addMessages is used once per turn: one request for the messages of one call", async () => {
  const scope = harness.newScope();
  await history({ scope }).addMessages([new HumanMessage("a"), new AIMessage("b")]);
  expect(harness.units(scope)).toHaveLength(1);
});

describe("in RunnableWithMessageHistory", () => {
  const prompt = ChatPromptTemplate.fromMessages([
    ["system", "Be brief."],
    new MessagesPlaceholder("history"),
    ["human", "{input}"],
  ]);
  const config = (sessionId: string): { configurable: { sessionId: string } } => ({
    configurable: { sessionId },
  });
  const expected = ["human: I live in Braga.", "ai: one", "human: Thanks", "ai: two"];

  test.each([
    ["invoked", false],
    ["streamed", true],
  ])("a chain with a prompt gets its history and keeps each turn once, %s", async (_, stream) => {
    const scope = harness.newScope();
    const seen: string[] = [];
    const chain = new RunnableWithMessageHistory({
      runnable: prompt
        .pipe((value) => {
          seen.push(value.toString());
          return value;
        })
        .pipe(new FakeListChatModel({ responses: ["one", "two"] })),
      getMessageHistory: (session: string) => history({ scope, session }),
      inputMessagesKey: "input",
      historyMessagesKey: "history",
    });
    for (const input of ["I live in Braga.", "Thanks"]) {
      if (stream) for await (const _chunk of await chain.stream({ input }, config("t")));
      else await chain.invoke({ input }, config("t"));
    }
    expect(textsOf(await history({ scope, session: "t" }).getMessages())).toEqual(expected);
    expect(seen[1]).toMatch(/I live in Braga\.[\s\S]*one[\s\S]*Thanks/);
    expect(harness.units(scope).map((unit) => unit.messages.length)).toEqual([2, 2]);
  });

  test("a bare model gets its history and keeps each turn once", async () => {
    const scope = harness.newScope();
    const chain = new RunnableWithMessageHistory({
      runnable: new FakeListChatModel({ responses: ["one", "two"] }),
      getMessageHistory: (session: string) => history({ scope, session }),
    });
    await chain.invoke([new HumanMessage("I live in Braga.")], config("t"));
    await chain.invoke([new HumanMessage("Thanks")], config("t"));
    expect(textsOf(await history({ scope, session: "t" }).getMessages())).toEqual(expected);
  });

  test("two concurrent runs on one chain do not mix sessions", async () => {
    const scope = harness.newScope();
    const chain = new RunnableWithMessageHistory({
      runnable: new FakeListChatModel({ responses: ["ok"] }),
      getMessageHistory: (session: string) => history({ scope, session }),
    });
    await Promise.all(
      ["t1", "t2"].map(async (name) =>
        chain.invoke([new HumanMessage(`I am ${name}`)], config(name)),
      ),
    );
    for (const name of ["t1", "t2"])
      expect(textsOf(await history({ scope, session: name }).getMessages())).toEqual([
        `human: I am ${name}`,
        "ai: ok",
      ]);
  });
});

test("BufferMemory works over it, with a conversation chain", async () => {
  const scope = harness.newScope();
  const chain = new ConversationChain({
    llm: new FakeListChatModel({ responses: ["one", "two"] }) as never,
    memory: new BufferMemory({ chatHistory: history({ scope }), returnMessages: false }),
  });
  await chain.invoke({ input: "I live in Braga." });
  await chain.invoke({ input: "Thanks" });
  expect(textsOf(await history({ scope }).getMessages())).toEqual([
    "human: I live in Braga.",
    "ai: one",
    "human: Thanks",
    "ai: two",
  ]);
});

describe("failures", () => {
  test("5xx then success: one stored turn, the same key on each attempt", async () => {
    const scope = harness.newScope();
    const keys: (string | null)[] = [];
    const spectron = harness.through(
      async (request) => {
        if (!request.url.endsWith("/facts/batch")) return undefined;
        keys.push(request.headers.get("idempotency-key"));
        if (keys.length > 1) return undefined;
        await harness.service.service.fetch(request);
        throw new TypeError("the answer got lost");
      },
      { random: () => 0 },
    );
    await history({ spectron, scope }).addUserMessage("I live in Braga.");
    expect(new Set(keys).size).toBe(1);
    expect(await harness.stored(scope)).toEqual(["user: I live in Braga."]);
  });

  test("what could not be stored is reported, waits, and is stored once when the service is back", async () => {
    const scope = harness.newScope();
    const { errors, onError } = collectErrors();
    let state: "down" | "answers get lost" | "up" = "down";
    const spectron = harness.through(
      async (request) => {
        if (state === "up" || !request.url.endsWith("/facts/batch")) return undefined;
        if (state === "answers get lost") await harness.service.service.fetch(request);
        throw new TypeError("fetch failed");
      },
      { retries: 0 },
    );
    const messages = history({ spectron, scope, onError });
    await messages.addMessages([new HumanMessage("one"), new AIMessage("1")]);
    state = "answers get lost";
    await messages.addMessages([new HumanMessage("two"), new AIMessage("2")]);
    state = "up";
    await messages.addUserMessage("three");
    expect(errors.map((error) => error.code)).toEqual(["connection", "connection"]);
    expect(textsOf(await history({ scope }).getMessages())).toEqual([
      "human: one",
      "ai: 1",
      "human: two",
      "ai: 2",
      "human: three",
    ]);
  });

  test("what waits is the conversation's, not the object's: it goes first through another one, or with a flush", async () => {
    const [scope, other] = [harness.newScope(), harness.newScope()];
    let isDown = true;
    const spectron = harness.through(
      async (request) => {
        if (isDown && request.url.endsWith("/facts/batch")) throw new TypeError("fetch failed");
        return undefined;
      },
      { retries: 0 },
    );
    const say = async (text: string, of = scope): Promise<void> =>
      history({ spectron, scope: of }).addMessages([new HumanMessage(text), new AIMessage("ok")]);
    await say("one");
    await say("two");
    await say("else", other);
    expect((await spectron.flush()).undelivered).toBe(6);
    isDown = false;
    await say("three");
    expect(textsOf(await history({ scope }).getMessages())).toEqual(
      ["one", "two", "three"].flatMap((text) => [`human: ${text}`, "ai: ok"]),
    );
    expect((await spectron.flush()).undelivered).toBe(0);
    expect(textsOf(await history({ scope: other }).getMessages())).toEqual([
      "human: else",
      "ai: ok",
    ]);
  });

  test("a service that hangs is waited for once; the chain goes on without history, unless asked to fail", async () => {
    const scope = harness.newScope();
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    const spectron = harness.through(
      async () => {
        asked += 1;
        await gate.promise;
        return undefined;
      },
      { close: undefined },
    );
    const heard: string[] = [];
    const onError: OnError = ({ code }, { operation, kept }) => {
      heard.push(`${operation} ${code} ${kept}`);
    };
    const options = { spectron, scope, timeoutMs: 10, onError };
    expect(await history(options).getMessages()).toEqual([]);
    await history(options).addUserMessage("one");
    expect(await history(options).getMessages()).toEqual([]);
    await history(options).addUserMessage("two");
    const throwing = history({ ...options, failureMode: "throw" });
    await expect(throwing.getMessages()).rejects.toMatchObject({ code: "connection" });
    expect(asked).toBe(1);
    expect(heard).toEqual([
      "recall timeout undefined",
      "store connection true",
      "recall connection undefined",
      "store connection true",
    ]);
    expect(await spectron.flush({ timeoutMs: 10 })).toEqual({ undelivered: 2 });

    gate.resolve();
    expect(await spectron.flush()).toEqual({ undelivered: 0 });
    expect(textsOf(await history({ ...options, timeoutMs: 20_000 }).getMessages())).toEqual([
      "human: one",
      "human: two",
    ]);
    expect(heard).toHaveLength(4);
  });

  test("what a refused key kept out is kept, and stored when the key is accepted", async () => {
    const scope = harness.newScope();
    let isRefused = true;
    const spectron = harness.through(async () =>
      isRefused ? Response.json({ code: "unauthorized" }, { status: 401 }) : undefined,
    );
    const { errors, onError } = collectErrors();
    await history({ spectron, scope, onError }).addUserMessage("one");
    expect(errors.map((error) => error.code)).toEqual(["unauthorized"]);
    expect(await spectron.flush()).toEqual({ undelivered: 1 });
    isRefused = false;
    expect(await spectron.flush()).toEqual({ undelivered: 0 });
    expect(textsOf(await history({ scope }).getMessages())).toEqual(["human: one"]);
  });

  test("without a session nothing is written, with one warning", async () => {
    const scope = harness.newScope();
    const { errors, onError } = collectErrors();
    const messages = history({ scope, session: "", onError });
    await messages.addUserMessage("hi");
    expect(await messages.getMessages()).toEqual([]);
    expect(harness.units(scope)).toEqual([]);
    expect(errors.map((error) => error.code)).toEqual(["configuration"]);
  });

  test("a service that keeps no parts is named, and a history of one's own helps", async () => {
    const { errors, onError } = collectErrors();
    const spectron = harness.through(async (request) => {
      if (!request.url.endsWith("/health")) return undefined;
      const health = (await (await harness.service.service.fetch(request)).json()) as {
        capabilities: string[];
      };
      const capabilities = health.capabilities.filter((name) => name !== "turn-parts");
      return Response.json({ ...health, capabilities });
    });
    await history({ spectron, onError }).addUserMessage("hi");
    expect(errors.map((error) => error.code)).toEqual(["unsupported"]);
    const own = history({ spectron, onError, transcript: new InMemoryChatMessageHistory() });
    await own.addUserMessage("hi");
    expect(await own.getMessages()).toHaveLength(1);
    expect(errors).toHaveLength(1);
  });
});
