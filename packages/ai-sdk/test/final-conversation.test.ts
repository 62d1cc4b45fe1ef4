import { persistUIMessages, stampMessageIds, withMemory } from "@spectron/ai-sdk";
import { createSpectron } from "@spectron/core";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { convertToModelMessages, stepCountIs } from "ai";
import type { UIMessage } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, modes, newChat, weatherTool } from "./chats.ts";
import type { Chat } from "./chats.ts";
import { scriptedModel } from "./scripted-model.ts";
import type { Step } from "./scripted-model.ts";

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => {
  await service.stop();
});

const said = (role: "user" | "assistant", id: string, text: string): UIMessage => ({
  id,
  role,
  parts: [{ type: "text", text }],
});
const user = (id: string, text: string): UIMessage => said("user", id, text);
const answer = (id: string, text: string): UIMessage => said("assistant", id, text);

/** What is remembered of a chat, whichever session it was said in. */
async function remembered(chat: Chat): Promise<string> {
  await service.spectron.flush();
  const questions = ["Where do I live?", "What is the name of my dog?", "Where do I work?"];
  const answers = await Promise.all(
    questions.map(async (query) => service.spectron.recallContext({ query, lens: [[chat.scope]] })),
  );
  return answers.map(({ context }) => context).join("\n");
}

/** Every turn that was ever stored, live or not. */
async function everStored(chat: Chat): Promise<string[]> {
  const live = await chat.stored();
  const [batch] = chat.batches();
  const session = (batch?.body as { session_id?: string } | undefined)?.session_id ?? "";
  const { turns } = await service.spectron.sessions.turns(session, {
    limit: 500,
    includeRevised: true,
  });
  expect(turns.filter(({ endedAt }) => endedAt === undefined)).toHaveLength(live.length);
  return turns.map(({ role, content }) => `${role}: ${content}`).toSorted();
}

describe.each(modes)("a stamped prompt through the middleware, %s", (_, stream) => {
  const turn = async (chat: Chat, messages: UIMessage[], ...steps: Step[]): Promise<string> =>
    ask(stream, {
      model: withMemory(scriptedModel(steps).model, chat.options),
      messages: await convertToModelMessages(stampMessageIds(messages)),
      tools: weatherTool(),
      stopWhen: stepCountIs(4),
      providerOptions: chat.providerOptions,
      maxRetries: 0,
    });

  test("regenerate: the new answer takes the old one's place, and the question is stored once", async () => {
    const chat = newChat(service);
    const messages = [user("m1", "I live in Braga.")];
    await turn(chat, messages, { text: "Nice." });
    await turn(chat, messages, { text: "Lovely.", id: "resp_2" });
    expect(await chat.stored()).toEqual(["user: I live in Braga.", "assistant: Lovely."]);
    await turn(chat, messages, { text: "Nice.", id: "resp_3" });
    expect(await chat.stored()).toEqual(["user: I live in Braga.", "assistant: Nice."]);
  });

  test("the same answer again is no second turn, whatever id the provider gives it", async () => {
    const chat = newChat(service);
    const messages = [user("m1", "I live in Braga.")];
    for (const id of ["resp_1", "resp_2"]) await turn(chat, messages, { text: "Nice.", id });
    expect(await chat.stored()).toEqual(["user: I live in Braga.", "assistant: Nice."]);
    expect(await everStored(chat)).toHaveLength(2);
  });

  test("regenerate of a tool turn leaves no step, result or steering of the old one", async () => {
    const chat = newChat(service, { tools: { include: ["weather"] } });
    const messages = [user("m1", "How is the weather?")];
    const call = (id: string, city: string): Step => ({
      calls: [{ id, name: "weather", input: JSON.stringify({ city }) }],
    });
    await turn(chat, messages, call("c1", "Braga"), call("c2", "Porto"), { text: "Sunny." });
    expect(await chat.stored()).toHaveLength(6);
    await turn(chat, messages, call("c3", "Faro"), { text: "Mild." });
    expect(await chat.stored()).toEqual([
      "user: How is the weather?",
      'assistant: called weather({"city":"Faro"})',
      "assistant: Mild.",
      "tool: sunny",
    ]);
    await turn(chat, messages, { text: "No idea." });
    expect(await chat.stored()).toEqual(["user: How is the weather?", "assistant: No idea."]);
  });

  test("edit: the words, the answer and everything after them leave memory", async () => {
    const chat = newChat(service);
    const history = [user("m1", "I live in Braga.")];
    await turn(chat, history, { text: "Nice city." });
    history.push(answer("a1", "Nice city."), user("m2", "I have a dog named Rex."));
    await turn(chat, history, { text: "Good dog." });
    expect(await remembered(chat)).toMatch(/Braga[\s\S]*Rex|Rex[\s\S]*Braga/);
    await turn(chat, [user("m1", "I live in Porto.")], { text: "Nice river." });
    expect(await chat.stored()).toEqual(["user: I live in Porto.", "assistant: Nice river."]);
    expect(await remembered(chat)).not.toMatch(/Braga|Rex/);
    expect(await everStored(chat)).toContain("user: I have a dog named Rex.");
  });

  test("an edit that fails leaves no later turn, and keeps an answer until there is another", async () => {
    const chat = newChat(service);
    const first = user("m1", "I live in Braga.");
    await turn(chat, [first], { text: "Nice city." });
    await turn(chat, [first, answer("a1", "Nice city."), user("m2", "I work at Nimbus.")], {
      text: "Noted.",
    });
    const edited = user("m1", "I live in Porto.");
    await turn(chat, [edited], { throws: new Error("broken") }).catch(() => undefined);
    expect(await chat.stored()).toEqual(["user: I live in Porto.", "assistant: Nice city."]);
    await turn(chat, [edited], { text: "Nice river." });
    expect(await chat.stored()).toEqual(["user: I live in Porto.", "assistant: Nice river."]);
  });

  test("a prompt that an application cut at its front or in its middle retracts nothing", async () => {
    const chat = newChat(service);
    const history: UIMessage[] = [];
    for (const place of [1, 2, 3]) {
      history.push(user(`m${place}`, `Line ${place}.`));
      await turn(chat, history, { text: `Answer ${place}.` });
      history.push(answer(`a${place}`, `Answer ${place}.`));
    }
    const [first, ...rest] = history;
    await turn(chat, [...rest.slice(-1), user("m4", "Line 4.")], { text: "Answer 4." });
    await turn(chat, [first as UIMessage, user("m5", "Line 5.")], { text: "Answer 5." });
    expect(await chat.stored()).toEqual(
      [1, 2, 3, 4, 5].flatMap((place) => [`user: Line ${place}.`, `assistant: Answer ${place}.`]),
    );
  });

  test("without ids the prompt alone is the place: nothing is doubled, and nothing is retracted", async () => {
    const chat = newChat(service);
    const bare = async (...steps: Step[]): Promise<string> =>
      ask(stream, {
        model: withMemory(scriptedModel(steps).model, chat.options),
        prompt: "I live in Braga.",
        providerOptions: chat.providerOptions,
      });
    await bare({ text: "Nice." });
    await bare({ text: "Lovely." });
    await bare({ text: "Nice." });
    expect(await chat.stored()).toEqual([
      "user: I live in Braga.",
      "assistant: Nice.",
      "assistant: Lovely.",
    ]);
  });
});

describe("persistUIMessages", () => {
  /** One request of the page: what the list holds, and how the answer ended. */
  const request = async (
    chat: Chat,
    messages: UIMessage[],
    response: UIMessage,
    end: { isAborted?: boolean; finishReason?: unknown } = {},
  ): Promise<void> => {
    const { providerOptions } = chat;
    const memory = persistUIMessages({ ...chat.options, messages, providerOptions });
    await memory.onEnd({ responseMessage: response, isAborted: false, ...end });
    await service.spectron.flush();
  };
  const longChat = async (chat: Chat): Promise<UIMessage[]> => {
    const history: UIMessage[] = [];
    const lines = ["I live in Braga.", "I have a dog named Rex.", "I work at Nimbus."];
    for (const [index, line] of lines.entries()) {
      history.push(user(`m${index}`, line));
      const reply = answer(`a${index}`, `Noted ${index}.`);
      await request(chat, history, reply);
      history.push(reply);
    }
    return history;
  };

  test("regenerate: the old answer leaves, the new one stands beside no other", async () => {
    const chat = newChat(service);
    const messages = [user("m1", "I live in Braga.")];
    await request(chat, messages, answer("a1", "Nice."));
    await request(chat, messages, answer("a2", "Lovely."));
    expect(await chat.stored()).toEqual(["user: I live in Braga.", "assistant: Lovely."]);
    await request(chat, messages, answer("a3", "Nice."));
    expect(await chat.stored()).toEqual(["user: I live in Braga.", "assistant: Nice."]);
    expect(await everStored(chat)).toHaveLength(4);
  });

  test("regenerate under one id with the same words, and one message less, keeps what was said again", async () => {
    const chat = newChat(service, { tools: { include: ["weather"] } });
    const messages = [user("m1", "How is the weather?")];
    const tool = { type: "tool-weather", toolCallId: "c1", state: "output-available", input: {} };
    const parts = [
      { type: "text", text: "Sunny." },
      { ...tool, output: "sunny" },
    ];
    const whole = { id: "a1", role: "assistant", parts } as unknown as UIMessage;
    await request(chat, messages, whole);
    expect(await chat.stored()).toHaveLength(3);
    await request(chat, messages, answer("a1", "Sunny."));
    expect(await chat.stored()).toEqual(["user: How is the weather?", "assistant: Sunny."]);
  });

  test.each<[string, { isAborted?: boolean; finishReason?: unknown }]>([
    ["stopped", { isAborted: true }],
    ["failed", { finishReason: "error" }],
  ])(
    "a regenerated answer that was %s takes the old one with it, as on the page",
    async (_, end) => {
      const chat = newChat(service);
      const messages = [user("m1", "I live in Braga.")];
      await request(chat, messages, answer("a1", "Nice."));
      await request(chat, messages, answer("a2", "Lov"), end);
      expect(await chat.stored()).toEqual(["user: I live in Braga."]);
      await request(chat, messages, answer("a3", "Nice."));
      expect(await chat.stored()).toEqual(["user: I live in Braga.", "assistant: Nice."]);
    },
  );

  test("edit: what followed the old words leaves memory with them", async () => {
    const chat = newChat(service);
    await longChat(chat);
    await request(chat, [user("m0", "I live in Porto.")], answer("b0", "Nice river."));
    expect(await chat.stored()).toEqual(["user: I live in Porto.", "assistant: Nice river."]);
    expect(await remembered(chat)).toContain("Porto");
    expect(await remembered(chat)).not.toMatch(/Braga|Rex|Nimbus/);
  });

  test("delete: messages that are missing from the list leave memory, wherever they stood", async () => {
    const chat = newChat(service);
    const history = await longChat(chat);
    const rest = history.filter(({ id }) => id !== "m1" && id !== "a1");
    await request(chat, [...rest, user("m3", "And now?")], answer("a3", "Noted 3."));
    expect(await chat.stored()).toEqual([
      "user: I live in Braga.",
      "assistant: Noted 0.",
      "user: I work at Nimbus.",
      "assistant: Noted 2.",
      "user: And now?",
      "assistant: Noted 3.",
    ]);
    expect(await remembered(chat)).not.toContain("Rex");
  });

  test("a list that begins late, or whose answers have other ids, retracts nothing", async () => {
    const chat = newChat(service);
    const history = await longChat(chat);
    const before = await chat.stored();
    await request(chat, [...history.slice(-2), user("m3", "Late?")], answer("a3", "Yes."));
    const renamed = [...history, user("m3", "Late?"), answer("a3", "Yes.")].map((message) =>
      message.role === "user" ? message : { ...message, id: `row-${message.id}` },
    );
    await request(chat, [...renamed, user("m4", "Renamed?")], answer("a4", "Yes."));
    expect(await chat.stored()).toEqual([
      ...before,
      "user: Late?",
      "assistant: Yes.",
      "user: Renamed?",
      "assistant: Yes.",
    ]);
  });

  test("two requests of one chat at once do not retract each other", async () => {
    const chat = newChat(service);
    const { providerOptions } = chat;
    const first = [user("m1", "One.")];
    const second = [...first, answer("a1", "Un"), user("m2", "Two.")];
    const handlers = [first, second].map((messages) =>
      persistUIMessages({ ...chat.options, messages, providerOptions }),
    );
    const ends = [answer("a1", "Uno."), answer("a2", "Dos.")];
    for (const [index, responseMessage] of ends.entries())
      await handlers[index]?.onEnd({ responseMessage, isAborted: false });
    expect((await chat.stored()).toSorted()).toEqual([
      "assistant: Dos.",
      "assistant: Uno.",
      "user: One.",
      "user: Two.",
    ]);
  });

  test("an answer without an id of its own gets one, so that the next request knows it", () => {
    const chat = newChat(service);
    const { providerOptions } = chat;
    const settings = { ...chat.options, messages: [], providerOptions };
    expect(persistUIMessages({ ...settings, randomUUID: () => "fixed" }).generateMessageId()).toBe(
      "fixed",
    );
    expect(persistUIMessages(settings).generateMessageId()).toMatch(/^[\da-f-]{36}$/);
  });

  test("a service that knows no revisions is asked for none, and a look that fails holds nothing up", async () => {
    const chat = newChat(service);
    const seen: string[] = [];
    const through = (answers: (request: Request) => Promise<Response | undefined>): Chat => ({
      ...chat,
      options: {
        ...chat.options,
        spectron: createSpectron({
          ...service.service,
          retries: 0,
          fetch: async (input, init) => {
            const sent = new Request(input, init);
            seen.push(`${sent.method} ${new URL(sent.url).pathname.split("/").at(-1)}`);
            return (await answers(sent)) ?? service.fetch(sent);
          },
        }),
      },
    });
    const messages = [user("m1", "I live in Braga.")];
    const plain = through(async (sent) => {
      if (!sent.url.endsWith("/health")) return undefined;
      const health = (await (await service.fetch(sent)).json()) as { capabilities: string[] };
      const capabilities = health.capabilities.filter((name) => name !== "message-revisions");
      return Response.json({ ...health, capabilities });
    });
    await request(plain, messages, answer("a1", "Nice."));
    await plain.options.spectron.flush();
    expect(seen).not.toContain("GET turns");

    const broken = through(async (sent) =>
      sent.method === "GET" && sent.url.includes("/turns")
        ? Response.json({ status: 500 }, { status: 500 })
        : undefined,
    );
    await request(broken, messages, answer("a2", "Lovely."));
    await broken.options.spectron.flush();
    expect(seen).toContain("GET turns");
    expect(chat.errors.map(({ code }) => code)).toEqual(["server"]);
    expect(await chat.stored()).toEqual([
      "user: I live in Braga.",
      "assistant: Nice.",
      "assistant: Lovely.",
    ]);
  });
});
