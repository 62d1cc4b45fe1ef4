import { AIMessage, HumanMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { Command, MemorySaver } from "@langchain/langgraph";
import { memoryMiddleware } from "@spectron/langchain";
import type { MemoryMiddlewareOptions } from "@spectron/langchain";
import {
  createAgent,
  createMiddleware,
  humanInTheLoopMiddleware,
  modelRetryMiddleware,
  summarizationMiddleware,
  tool,
} from "langchain";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { collectErrors, startHarness } from "./harness.ts";
import type { Harness } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  await harness.stop();
});

type FakeModel = ReturnType<typeof fakeModel>;
type AgentOptions = Parameters<typeof createAgent>[0];

/** A busy machine is no outage. */
const PATIENT = { timeoutMs: 20_000 };

/** Holds the model call until the run is aborted. */
const hold = createMiddleware({
  name: "Hold",
  wrapModelCall: async (request) =>
    new Promise((_, reject) => {
      const { signal } = request.runtime;
      signal?.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
    }),
});

function agentWith(
  model: FakeModel,
  memory: Partial<MemoryMiddlewareOptions> & { scope: MemoryMiddlewareOptions["scope"] },
  options: Partial<AgentOptions> & { before?: unknown[]; after?: unknown[] } = {},
): ReturnType<typeof createAgent> {
  const { before = [], after = [], ...rest } = options;
  return createAgent({
    model,
    tools: [],
    ...rest,
    middleware: [
      ...before,
      memoryMiddleware({ spectron: harness.spectron, recall: PATIENT, ...memory }),
      ...after,
    ] as never,
  });
}

const ai = (text: string, id?: string): AIMessage =>
  new AIMessage({ content: text, ...(id === undefined ? {} : { id }) });
const calls = (name: string, args: Record<string, unknown>, id: string): AIMessage =>
  new AIMessage({ content: "", id, tool_calls: [{ id: `call-${id}`, name, args }] });
const user = (content: string, id?: string): { messages: BaseMessage[] } => ({
  messages: [new HumanMessage({ content, ...(id === undefined ? {} : { id }) })],
});
const thread = (thread_id: string): { configurable: { thread_id: string } } => ({
  configurable: { thread_id },
});
const textsOf = (state: { messages: BaseMessage[] }): string[] =>
  state.messages.map((message) => message.text);
const promptsOf = (model: FakeModel): string[] =>
  model.calls.map((call) => call.messages.map((message) => message.text).join("\n"));

const schema = { type: "object" as const, properties: { city: { type: "string" as const } } };
const weather = tool(async () => "sunny", { name: "weather", description: "weather", schema });

describe("what is sent", () => {
  test("a two-turn conversation yields exactly the expected bodies, in order, with stable keys", async () => {
    const scope = "org/acme/user/keys";
    const model = fakeModel().respond(ai("Nice city.", "a1")).respond(ai("Bye.", "a2"));
    const agent = agentWith(model, { scope }, { checkpointer: new MemorySaver() });
    await agent.invoke(user("I live in Braga.", "u1"), thread("t1"));
    await agent.invoke(user("Thanks", "u2"), thread("t1"));
    await harness.spectron.flush();
    expect(harness.units(scope)).toMatchInlineSnapshot(`
      [
        {
          "key": "mem1-langchain-Py76BR1bueh45bfjuS0tinD0digB7OiHHjCbYQF1Ymo",
          "messages": [
            {
              "content": "I live in Braga.",
              "id": "u1",
              "role": "user",
            },
          ],
        },
        {
          "key": "mem1-langchain-nNDFbCCQu4qeXTSuGYZ8BRs2XOlher_F1tWSKclMIls",
          "messages": [
            {
              "content": "Nice city.",
              "id": "a1",
              "role": "assistant",
            },
          ],
        },
        {
          "key": "mem1-langchain-cn19Q_AEcs5YFRd2CWK9V6EGaT8W0u-AeGhaCe35AGI",
          "messages": [
            {
              "content": "Thanks",
              "id": "u2",
              "role": "user",
            },
          ],
        },
        {
          "key": "mem1-langchain-6zEKVPNb-KE_w0QRB28AcTqLzdhGUOHTvw4bDb8CT_w",
          "messages": [
            {
              "content": "Bye.",
              "id": "a2",
              "role": "assistant",
            },
          ],
        },
      ]
    `);
  });

  test("a new process with the same stored state produces the same keys", async () => {
    const keys: unknown[] = [];
    for (let process = 0; process < 2; process += 1) {
      const fresh = await startHarness();
      const scope = "org/acme/user/restart";
      const saver = new MemorySaver();
      for (const [text, id] of [
        ["I live in Braga.", "1"],
        ["Thanks", "2"],
      ] as const) {
        // nothing but the checkpointer outlives a turn
        const middleware = memoryMiddleware({ spectron: fresh.spectron, scope, recall: PATIENT });
        const agent = createAgent({
          model: fakeModel().respond(ai(`answer ${id}`, `a${id}`)),
          tools: [],
          checkpointer: saver,
          middleware: [middleware],
        });
        await agent.invoke(user(text, `u${id}`), thread("t1"));
        await fresh.spectron.flush();
      }
      keys.push(fresh.units(scope).map((unit) => unit.key));
      await fresh.stop();
    }
    expect(keys[0]).toHaveLength(4);
    expect(keys[1]).toEqual(keys[0]);
  });

  test("streamed and non-streamed runs give identical keys and bodies for identical content", async () => {
    const sent: unknown[] = [];
    for (const stream of [false, true]) {
      const fresh = await startHarness();
      const scope = "org/acme/user/stream";
      const middleware = memoryMiddleware({
        spectron: fresh.spectron,
        scope,
        session: "s",
        recall: PATIENT,
      });
      const agent = createAgent({
        model: fakeModel()
          .respond(calls("weather", { city: "Braga" }, "a1"))
          .respond(ai("Sunny.")),
        tools: [weather],
        middleware: [middleware],
      });
      if (stream)
        for await (const _ of await agent.stream(user("Weather?"), { streamMode: "messages" }));
      else await agent.invoke(user("Weather?"));
      await fresh.spectron.flush();
      sent.push(fresh.units(scope));
      await fresh.stop();
    }
    expect(sent[0]).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });

  test("in a tool loop each message is sent once, results only of allowed tools, no reasoning, no prompt, no bytes", async () => {
    const scope = harness.newScope();
    const bytes = "iVBORw0KGgo".repeat(30);
    const clock = tool(async () => "noon", { name: "clock", description: "clock", schema });
    const model = fakeModel()
      .respond(calls("weather", { city: "Braga" }, "a1"))
      .respond(calls("clock", {}, "a2"))
      .respond(
        new AIMessage({
          id: "a3",
          content: [
            { type: "reasoning", reasoning: "secret thoughts" },
            { type: "text", text: "Sunny at noon." },
          ],
        }),
      );
    const agent = agentWith(
      model,
      { scope, session: "s", tools: { include: ["weather"] } },
      { tools: [weather, clock], systemPrompt: "You are a pirate." },
    );
    await agent.invoke({
      messages: [
        new HumanMessage({
          content: [
            { type: "text", text: "Like here?" },
            { type: "image_url", image_url: { url: `data:image/png;base64,${bytes}` } },
          ],
        }),
      ],
    });
    expect(await harness.stored(scope)).toEqual([
      "user: Like here?\n[image]",
      'assistant: called weather({"city":"Braga"})',
      "tool: sunny",
      "assistant: called clock({})",
      "assistant: Sunny at noon.",
    ]);
    expect(JSON.stringify(harness.units(scope))).not.toMatch(/secret|pirate|iVBOR|noon"/);
  });

  test("memory text never appears in a later write, in the state, or in returned messages", async () => {
    const scope = harness.newScope();
    const saver = new MemorySaver();
    const model = fakeModel()
      .respond(ai("Noted."))
      .respond((messages) => ai(`I was told: ${messages[0]?.text ?? ""}`));
    const agent = agentWith(model, { scope }, { checkpointer: saver, systemPrompt: "Be brief." });
    await agent.invoke(user("I live in Braga."), thread("t1"));
    await harness.spectron.flush();
    const result = await agent.invoke(user("Where do I live?"), thread("t2"));
    expect(promptsOf(model)[1]).toContain("home_city: Braga");
    expect((result.messages as BaseMessage[]).map((message) => message.getType())).toEqual([
      "human",
      "ai",
    ]);
    expect(result).not.toHaveProperty("_spectronCursor");
    await harness.spectron.flush();
    expect(JSON.stringify(harness.units(scope))).not.toContain("spectron-memory");
  });
});

describe("identity", () => {
  test("the same text twice in one session is two units; the same submission replayed is one", async () => {
    const scope = harness.newScope();
    const model = fakeModel().respond(ai("a", "a1")).respond(ai("b", "a2")).respond(ai("b", "a2"));
    const agent = agentWith(model, { scope }, { checkpointer: new MemorySaver() });
    await agent.invoke(user("ok", "u1"), thread("t"));
    await agent.invoke(user("ok", "u2"), thread("t"));
    await agent.invoke(user("ok", "u2"), thread("t"));
    expect(await harness.stored(scope)).toEqual([
      "user: ok",
      "assistant: a",
      "user: ok",
      "assistant: b",
    ]);
  });

  test("an edited message with the same id is a new unit that replaces the old one", async () => {
    const scope = harness.newScope();
    const model = fakeModel().respond(ai("Nice.", "a1")).respond(ai("Oh.", "a2"));
    const agent = agentWith(model, { scope, session: "s" });
    await agent.invoke(user("I live in Braga.", "u1"));
    await agent.invoke(user("I live in Porto.", "u1"));
    await harness.spectron.flush();
    expect(harness.units(scope).filter((unit) => unit.messages[0]?.id === "u1")).toHaveLength(2);
    const stored = await harness.stored(scope);
    expect(stored).toContain("user: I live in Porto.");
    expect(stored).not.toContain("user: I live in Braga.");
  });

  describe.each([
    ["with a checkpointer", true],
    ["without a checkpointer", false],
  ])("%s", (_, checkpointed) => {
    test.each([
      ["with ids of the application", true],
      ["without ids of the application", false],
    ])("%s a second turn sends only what is new", async (_name, hasIds) => {
      const scope = harness.newScope();
      const model = fakeModel().respond(ai("Nice city.")).respond(ai("Bye."));
      const agent = agentWith(
        model,
        { scope },
        checkpointed ? { checkpointer: new MemorySaver() } : {},
      );
      const id = (name: string): string | undefined => (hasIds ? name : undefined);
      const first = await agent.invoke(user("I live in Braga.", id("u1")), thread("t"));
      const second = user("Thanks", id("u2"));
      await agent.invoke(
        checkpointed ? second : { messages: [...first.messages, ...second.messages] },
        thread("t"),
      );
      expect(await harness.stored(scope)).toEqual([
        "user: I live in Braga.",
        "assistant: Nice city.",
        "user: Thanks",
        "assistant: Bye.",
      ]);
    });
  });

  test("without a checkpointer and without ids the same history submitted again is stored once", async () => {
    const scope = harness.newScope();
    const history = [
      { role: "user", content: "ok" },
      { role: "assistant", content: "Yes?" },
      { role: "user", content: "ok" },
    ];
    // a route that is called again after its answer got lost, each time in a new process
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const agent = agentWith(fakeModel().respond(ai("Fine.")), { scope, session: "s" });
      await agent.invoke({ messages: history });
      await harness.spectron.flush();
    }
    expect(await harness.stored(scope)).toEqual(["user: ok", "assistant: Fine."]);
    // the same words one turn later are another message
    const agent = agentWith(fakeModel().respond(ai("Fine.")), { scope, session: "s" });
    const longer = [...history, { role: "assistant", content: "Fine." }, history[2] as object];
    await agent.invoke({ messages: longer as never });
    expect(await harness.stored(scope)).toEqual([
      "user: ok",
      "assistant: Fine.",
      "user: ok",
      "assistant: Fine.",
    ]);
  });

  test("ids that the application vouches for make an edit a revision, also when they are UUIDs", async () => {
    const scope = harness.newScope();
    const id = "0f4a3c1e-6f0b-4c57-9a35-2f8a3f2a9b10";
    for (const text of ["I live in Braga.", "I live in Porto."]) {
      const agent = agentWith(fakeModel().respond(ai("ok")), {
        scope,
        session: "s",
        stableMessageIds: true,
      });
      await agent.invoke(user(text, id));
      await harness.spectron.flush();
    }
    const users = (await harness.stored(scope)).filter((line) => line.startsWith("user"));
    expect(users).toEqual(["user: I live in Porto."]);
  });

  test("two concurrent runs on one adapter instance do not mix sessions or scopes", async () => {
    const scopes = [harness.newScope(), harness.newScope()];
    const model = fakeModel()
      .respond((messages) => ai(`echo ${messages.at(-1)?.text ?? ""}`))
      .respond((messages) => ai(`echo ${messages.at(-1)?.text ?? ""}`));
    const agent = agentWith(
      model,
      { scope: (runtime) => runtime.context?.userScope as string },
      {
        checkpointer: new MemorySaver(),
        contextSchema: z.object({ userScope: z.string().optional() }),
      },
    );
    await Promise.all(
      scopes.map(async (userScope, index) =>
        agent.invoke(user(`I am number ${index}`), {
          ...thread(`t${index}`),
          context: { userScope },
        }),
      ),
    );
    for (const [index, scope] of scopes.entries())
      expect(await harness.stored(scope)).toEqual([
        `user: I am number ${index}`,
        `assistant: echo I am number ${index}`,
      ]);
  });

  test("without a session nothing is written, with one warning", async () => {
    const scope = harness.newScope();
    const { errors, onError } = collectErrors();
    const agent = agentWith(fakeModel().respond(ai("a")).respond(ai("b")), { scope, onError });
    await agent.invoke(user("one"));
    await agent.invoke(user("two"));
    await harness.spectron.flush();
    expect(harness.units(scope)).toEqual([]);
    expect(errors.map((error) => error.code)).toEqual(["configuration"]);
  });
});

describe("failures of memory", () => {
  test("5xx or a lost answer, then success: one stored unit, the same key on each attempt", async () => {
    const scope = harness.newScope();
    const keys: (string | null)[] = [];
    const spectron = harness.through(
      async (request) => {
        if (!request.url.endsWith("/facts/batch")) return undefined;
        keys.push(request.headers.get("idempotency-key"));
        if (keys.length === 1) return new Response("{}", { status: 503 });
        if (keys.length > 2) return undefined;
        await harness.service.service.fetch(request);
        throw new TypeError("the answer got lost");
      },
      { random: () => 0 },
    );
    const agent = agentWith(fakeModel().respond(ai("Nice.")), { spectron, scope, session: "s" });
    await agent.invoke(user("I live in Braga."));
    await spectron.flush();
    expect(await harness.stored(scope)).toEqual(["user: I live in Braga.", "assistant: Nice."]);
    expect(new Set(keys.slice(0, 3)).size).toBe(1);
    expect(new Set(keys).size).toBe(2);
  });

  test("service down for retrieval: the model is called without memory, and onError once", async () => {
    const scope = harness.newScope();
    const { errors, onError } = collectErrors();
    // an answer that never comes; the bound of the recall ends the wait
    const spectron = harness.through(async (request) =>
      /\/(?:context|profile)/.test(new URL(request.url).pathname)
        ? new Promise<Response>(() => undefined)
        : undefined,
    );
    const model = fakeModel().respond(ai("Nice."));
    const agent = agentWith(model, {
      spectron,
      scope,
      session: "s",
      onError,
      recall: { timeoutMs: 20 },
    });
    const result = await agent.invoke(user("I live in Braga."));
    expect(textsOf(result).at(-1)).toBe("Nice.");
    expect(promptsOf(model)[0]).not.toContain("spectron-memory");
    expect(errors.map((error) => error.code)).toEqual(["timeout"]);
    await spectron.flush();
    expect(await harness.stored(scope)).toEqual(["user: I live in Braga.", "assistant: Nice."]);
  });

  test("service down for write: the user still gets the answer, and the failure is reported", async () => {
    const scope = harness.newScope();
    const { errors, onError } = collectErrors();
    const spectron = harness.through(
      (request) =>
        request.url.endsWith("/facts/batch") ? new Response("{}", { status: 500 }) : undefined,
      { retries: 0 },
    );
    const agent = agentWith(fakeModel().respond(ai("Nice.")), {
      spectron,
      scope,
      session: "s",
      onError,
    });
    expect(textsOf(await agent.invoke(user("I live in Braga."))).at(-1)).toBe("Nice.");
    await spectron.flush();
    expect(errors.map((error) => error.code)).toEqual(["server", "server"]);
  });

  test("failureMode throw rejects the call when memory cannot be written", async () => {
    const spectron = harness.through(
      (request) =>
        request.url.endsWith("/facts/batch") ? new Response("{}", { status: 500 }) : undefined,
      { retries: 0 },
    );
    const agent = agentWith(fakeModel().respond(ai("Nice.")), {
      spectron,
      scope: harness.newScope(),
      session: "s",
      failureMode: "throw",
    });
    await expect(agent.invoke(user("I live in Braga."))).rejects.toMatchObject({ code: "server" });
  });

  test("a failed afterAgent is resumed alone and writes once", async () => {
    const scope = harness.newScope();
    let isDown = true;
    const spectron = harness.through(
      async (request) =>
        isDown && request.url.endsWith("/facts/batch") && (await request.text()).includes("Nice.")
          ? new Response("{}", { status: 500 })
          : undefined,
      { retries: 0 },
    );
    const model = fakeModel().respond(ai("Nice."));
    const agent = agentWith(
      model,
      { spectron, scope, failureMode: "throw" },
      { checkpointer: new MemorySaver() },
    );
    await expect(agent.invoke(user("I live in Braga."), thread("t"))).rejects.toThrow();
    isDown = false;
    await spectron.flush();
    const result = await agent.invoke(null, thread("t"));
    expect(textsOf(result).at(-1)).toBe("Nice.");
    expect(model.calls).toHaveLength(1);
    expect(await harness.stored(scope)).toEqual(["user: I live in Braga.", "assistant: Nice."]);
  });
});

describe("runs that stop on the way", () => {
  test("a model error keeps the user's message, and a resume stores nothing twice", async () => {
    const scope = harness.newScope();
    const model = fakeModel().respond(new Error("no model")).respond(ai("Nice."));
    const agent = agentWith(model, { scope }, { checkpointer: new MemorySaver() });
    await expect(agent.invoke(user("I live in Braga."), thread("t"))).rejects.toThrow("no model");
    expect(await harness.stored(scope)).toEqual(["user: I live in Braga."]);
    await agent.invoke(null, thread("t"));
    expect(await harness.stored(scope)).toEqual(["user: I live in Braga.", "assistant: Nice."]);
  });

  test.each([
    ["approved", { type: "approve" as const }, '{"city":"Braga"}'],
    [
      "edited",
      {
        type: "edit" as const,
        editedAction: { name: "weather", args: { city: "Porto" } },
      },
      '{"city":"Porto"}',
    ],
  ])("a call that a person %s is stored as it was made, once", async (_, decision, args) => {
    const scope = harness.newScope();
    const model = fakeModel()
      .respond(calls("weather", { city: "Braga" }, "a1"))
      .respond(ai("Sunny.", "a2"));
    const asks = humanInTheLoopMiddleware({
      interruptOn: { weather: true },
      // its option type does not resolve under this compiler
    } as never);
    const agent = agentWith(
      model,
      { scope },
      { tools: [weather], checkpointer: new MemorySaver(), after: [asks] },
    );
    const paused = await agent.invoke(user("Weather?"), thread("t"));
    expect(paused).toHaveProperty("__interrupt__");
    expect(await harness.stored(scope)).toEqual(["user: Weather?"]);
    await agent.invoke(new Command({ resume: { decisions: [decision] } }) as never, thread("t"));
    expect(await harness.stored(scope)).toEqual([
      "user: Weather?",
      `assistant: called weather(${args})`,
      "assistant: Sunny.",
    ]);
  });

  test("a call that was stored and is edited afterwards is revised", async () => {
    const scope = harness.newScope();
    const agent = agentWith(
      fakeModel().respond(ai("You live in Braga.", "a1")).respond(ai("Bye.", "a2")),
      { scope },
      { checkpointer: new MemorySaver() },
    );
    await agent.invoke(user("Where do I live?", "u1"), thread("t"));
    await agent.graph.updateState(thread("t"), {
      messages: [ai("You live in Porto.", "a1"), new HumanMessage({ content: "Thanks", id: "u2" })],
    });
    await agent.invoke({ messages: [] }, thread("t"));
    expect(await harness.stored(scope)).toEqual([
      "user: Where do I live?",
      "assistant: You live in Porto.",
      "user: Thanks",
      "assistant: Bye.",
    ]);
  });

  test("a fork from an older checkpoint stores the new answer only", async () => {
    const scope = harness.newScope();
    const agent = agentWith(
      fakeModel().respond(ai("First.", "a1")).respond(ai("Second.", "a2")),
      { scope },
      { checkpointer: new MemorySaver() },
    );
    await agent.invoke(user("Tell me."), thread("t"));
    let fork: { configurable?: Record<string, unknown> } | undefined;
    for await (const state of agent.graph.getStateHistory(thread("t")))
      if (state.next[0] === "model_request") fork = state.config;
    await agent.invoke(null, fork as never);
    await harness.spectron.flush();
    expect(harness.units(scope).map((unit) => unit.messages.map((item) => item.content))).toEqual([
      ["Tell me."],
      ["First."],
      ["Second."],
    ]);
  });

  test("a run over the recursion limit keeps the question; what it did is stored when the thread goes on", async () => {
    const scope = harness.newScope();
    const model = fakeModel()
      .respond(calls("weather", { city: "Braga" }, "a1"))
      .respond(calls("weather", { city: "Porto" }, "a2"))
      .respond(ai("Sunny.", "a3"));
    const agent = agentWith(
      model,
      { scope },
      { tools: [weather], checkpointer: new MemorySaver() },
    );
    await expect(
      agent.invoke(user("Weather?"), { ...thread("t"), recursionLimit: 4 }),
    ).rejects.toThrow("Recursion limit");
    expect(await harness.stored(scope)).toEqual(["user: Weather?"]);
    await agent.invoke(user("Go on"), thread("t"));
    expect(await harness.stored(scope)).toEqual([
      "user: Weather?",
      'assistant: called weather({"city":"Braga"})',
      'assistant: called weather({"city":"Porto"})',
      "user: Go on",
      "assistant: Sunny.",
    ]);
  });

  test("an abort during the model call keeps the user's message and nothing else", async () => {
    const scope = harness.newScope();
    const { errors, onError } = collectErrors();
    const agent = agentWith(fakeModel(), { scope, session: "s", onError }, { after: [hold] });
    const controller = new AbortController();
    const run = agent.invoke(user("I live in Braga."), { signal: controller.signal });
    await vi.waitFor(() => expect(harness.units(scope)).toHaveLength(1));
    controller.abort();
    await expect(run).rejects.toThrow();
    expect(await harness.stored(scope)).toEqual(["user: I live in Braga."]);
    expect(errors).toEqual([]);
  });

  test("a stream that is left early keeps the user's message and nothing else", async () => {
    const scope = harness.newScope();
    const agent = agentWith(fakeModel(), { scope, session: "s" }, { after: [hold] });
    for await (const _ of await agent.stream(user("I live in Braga."), { streamMode: "updates" }))
      break;
    expect(await harness.stored(scope)).toEqual(["user: I live in Braga."]);
  });

  test("another middleware that ends the run early leaves the question stored", async () => {
    const scope = harness.newScope();
    const gate = createMiddleware({
      name: "Gate",
      beforeModel: {
        canJumpTo: ["end"],
        hook: () => ({ jumpTo: "end" as const }),
      },
    });
    const agent = agentWith(fakeModel(), { scope, session: "s" }, { after: [gate] });
    await agent.invoke(user("I live in Braga."));
    expect(await harness.stored(scope)).toEqual(["user: I live in Braga."]);
  });
});

describe("beside other parts of an agent", () => {
  test.each(["before", "after"] as const)(
    "memory %s modelRetryMiddleware: one answer, one recall",
    async (place) => {
      const scope = harness.newScope();
      const reads: string[] = [];
      const spectron = harness.through((request) => {
        const path = new URL(request.url).pathname;
        if (/\/(?:context|profile|query)$/.test(path)) reads.push(path);
        return undefined;
      });
      const model = fakeModel().respond(new Error("busy")).respond(ai("Nice."));
      const retry = modelRetryMiddleware({ maxRetries: 2, initialDelayMs: 0, jitter: false });
      const agent = agentWith(
        model,
        { spectron, scope, session: "s" },
        place === "before" ? { after: [retry] } : { before: [retry] },
      );
      await agent.invoke(user("I live in Braga."));
      await spectron.flush();
      expect(model.calls).toHaveLength(2);
      expect(promptsOf(model)[1]).toBe(promptsOf(model)[0]);
      expect(await harness.stored(scope)).toEqual(["user: I live in Braga.", "assistant: Nice."]);
      expect(new Set(reads).size).toBe(reads.length);
    },
  );

  test("a summary is no turn, and what it replaced is not sent again", async () => {
    const scope = harness.newScope();
    const summarizer = fakeModel().respond(ai("They spoke about cities."));
    const model = fakeModel()
      .respond(ai("Nice.", "a1"))
      .respond(ai("Good.", "a2"))
      .respond(ai("Bye.", "a3"));
    const summaries = summarizationMiddleware({
      model: summarizer,
      trigger: { messages: 4 },
      keep: { messages: 2 },
      // its option type does not resolve under this compiler
    } as never);
    const agent = agentWith(
      model,
      { scope },
      { checkpointer: new MemorySaver(), after: [summaries] },
    );
    await agent.invoke(user("I live in Braga."), thread("t"));
    await agent.invoke(user("I like tea."), thread("t"));
    const result = await agent.invoke(user("Bye"), thread("t"));
    expect(textsOf(result)[0]).toContain("They spoke about cities.");
    expect(await harness.stored(scope)).toEqual([
      "user: I live in Braga.",
      "assistant: Nice.",
      "user: I like tea.",
      "assistant: Good.",
      "user: Bye",
      "assistant: Bye.",
    ]);
  });

  test.each([
    [false, ["user: Ask the expert", "assistant: called expert({})", "assistant: Done."]],
    [
      true,
      [
        "user: Ask the expert",
        "user: sub-question",
        "assistant: sub-answer",
        "assistant: called expert({})",
        "assistant: Done.",
      ],
    ],
  ])("an agent inside a tool is followed: %s", async (includeSubagents, lines) => {
    const scope = harness.newScope();
    const memory = { scope, includeSubagents };
    const inner = agentWith(fakeModel().respond(ai("sub-answer", "s1")), memory);
    const expert = tool(
      async () => textsOf(await inner.invoke(user("sub-question"))).at(-1) ?? "",
      { name: "expert", description: "expert", schema: { type: "object", properties: {} } },
    );
    const outer = agentWith(
      fakeModel()
        .respond(calls("expert", {}, "a1"))
        .respond(ai("Done.", "a2")),
      memory,
      { tools: [expert], checkpointer: new MemorySaver() },
    );
    await outer.invoke(user("Ask the expert"), thread("t"));
    expect(await harness.stored(scope)).toEqual(lines);
  });

  test("the application's own prompt stays in front, and its blocks stay blocks", async () => {
    const scope = harness.newScope();
    const model = fakeModel().respond(ai("Noted.")).respond(ai("Braga."));
    const agent = agentWith(model, { scope, session: "s" }, { systemPrompt: "Be brief." });
    await agent.invoke(user("I live in Braga."));
    await harness.spectron.flush();
    await agent.invoke(user("Where do I live?"));
    const [system] = model.calls[1]?.messages ?? [];
    expect(system?.getType()).toBe("system");
    expect(system?.text).toMatch(/^Be brief\.\n\n<spectron-memory>[\s\S]*Braga/);
  });

  test("one receipt a turn says what was recalled and what was stored", async () => {
    const scope = harness.newScope();
    const onReceipt = vi.fn();
    const model = fakeModel()
      .respond(ai("Noted."))
      .respond(calls("weather", {}, "a1"))
      .respond(ai("Sunny."));
    const agent = agentWith(model, { scope, session: "s", onReceipt }, { tools: [weather] });
    await agent.invoke(user("I live in Braga."));
    await harness.spectron.flush();
    await agent.invoke(user("How is the weather where I live?"));
    await harness.spectron.flush();
    await vi.waitFor(() => expect(onReceipt).toHaveBeenCalledTimes(2));
    const [, second] = onReceipt.mock.calls.map(([receipt]) => receipt);
    expect(second).toMatchObject({ scope, session: "s", recalled: { failed: false } });
    expect(second.recalled.entries).toBeGreaterThan(0);
    expect(second.stored.keys).toHaveLength(2);
  });
});
