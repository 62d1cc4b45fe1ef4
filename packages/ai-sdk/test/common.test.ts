import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryOptions, stampMessageIds, withMemory } from "@spectron/ai-sdk";
import { createSpectron } from "@spectron/core";
import type { Spectron } from "@spectron/core";
import { fileOutbox } from "@spectron/core/outbox-file";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { convertToModelMessages, stepCountIs } from "ai";
import type { ModelMessage } from "ai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ask, modes, newChat, weatherTool } from "./chats.ts";
import { scriptedModel } from "./scripted-model.ts";

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => {
  await service.stop();
});

/** A client of the same service whose requests pass through `gate` first; closing it leaves the service open. */
function clientThrough(
  gate: (request: Request) => Response | Promise<Response> | undefined,
  options: { retries?: number; of?: TestService } = {},
): Spectron {
  const { service: target } = options.of ?? service;
  return createSpectron({
    url: target.url,
    apiKey: target.apiKey,
    context: target.context,
    ...(options.retries === undefined ? {} : { retries: options.retries }),
    fetch: async (input, init) => {
      const request = new Request(input, init);
      return (await gate(request)) ?? target.fetch(request);
    },
  });
}

const failure = (): Response => Response.json({ error: "down" }, { status: 503 });
const twoTurns = async (
  stream: boolean,
  spectron: Spectron,
): Promise<ReturnType<typeof scriptedModel>> => {
  const scripted = scriptedModel([{ text: "Nice city." }, { text: "In Braga." }]);
  const model = withMemory(scripted.model, { spectron, recall: { timeoutMs: 20_000 } });
  const messages: ModelMessage[] = [];
  for (const content of ["I live in Braga.", "Where do I live?"]) {
    messages.push({ role: "user", content });
    const providerOptions = memoryOptions({ scope: "org/acme/user/alice", session: "chat-7" });
    const text = await ask(stream, { model, messages, providerOptions });
    messages.push({ role: "assistant", content: text });
    await spectron.flush();
  }
  return scripted;
};

describe.each(modes)("common checklist, %s", (_, stream) => {
  test("what was said in an outage is in the spill at once, though nothing of it could be delivered", async () => {
    const own = await startTestService();
    const directory = await mkdtemp(join(tmpdir(), "spectron-spill-"));
    const chat = async (spectron: Spectron): Promise<void> => {
      const { model } = scriptedModel([{ text: "Nice city." }, { text: "In Braga." }]);
      const remembering = withMemory(model, {
        spectron,
        onError: () => undefined,
        outbox: { spill: fileOutbox({ directory }) },
      });
      const messages: ModelMessage[] = [];
      for (const content of ["I live in Braga.", "Where do I live?"]) {
        messages.push({ role: "user", content });
        const providerOptions = memoryOptions({ scope: "org/acme/user/alice", session: "chat-9" });
        const text = await ask(stream, { model: remembering, messages, providerOptions });
        messages.push({ role: "assistant", content: text });
      }
    };
    const dead = clientThrough(failure, { of: own, retries: 0 });
    await chat(dead);
    // the process of this client ends here, with nothing delivered
    await vi.waitFor(async () => {
      const kept = await Promise.all(
        (await readdir(directory)).map(async (name) => readFile(join(directory, name), "utf8")),
      );
      for (const words of ["I live in Braga.", "Nice city.", "Where do I live?", "In Braga."])
        expect(kept.join("")).toContain(words);
    });
    await dead.flush({ timeoutMs: 0 });
    await own.stop();
    await rm(directory, { recursive: true });
  });

  test("a two-turn conversation yields exactly the expected bodies, in order, with stable keys, streamed or not", async () => {
    const own = await startTestService();
    await twoTurns(stream, own.spectron);
    expect(
      own
        .batches()
        .map(({ key, body }) => [key, (body as { scopes?: unknown }).scopes, body.messages]),
    ).toMatchInlineSnapshot(`
      [
        [
          "mem1-ai-sdk-JzV8frknIzMRNmImSR4mgKDghY1DIqNxbQqoAd2rGBU",
          [
            [
              "org/acme/user/alice",
            ],
          ],
          [
            {
              "content": "I live in Braga.",
              "role": "user",
            },
          ],
        ],
        [
          "mem1-ai-sdk-OaRrRCEqKFkt8ZLQJdiwzRa-vDWWJ3mDZZANYizmW9Y",
          [
            [
              "org/acme/user/alice",
            ],
          ],
          [
            {
              "content": "Nice city.",
              "role": "assistant",
            },
          ],
        ],
        [
          "mem1-ai-sdk-p45FlAzvSZadiM9MLyNORkSo1pFQn8PtClT0Gqhq2Zc",
          [
            [
              "org/acme/user/alice",
            ],
          ],
          [
            {
              "content": "Where do I live?",
              "role": "user",
            },
          ],
        ],
        [
          "mem1-ai-sdk-RWNAtsvqfkj0RK4yq93JeHO5pUECXdvwurBmfN_EalM",
          [
            [
              "org/acme/user/alice",
            ],
          ],
          [
            {
              "content": "In Braga.",
              "role": "assistant",
            },
          ],
        ],
      ]
    `);
    await own.stop();
  });

  test.each([
    ["HTTP 5xx", () => failure()],
    [
      "a timeout after the commit",
      async (request: Request): Promise<Response> => {
        await service.service.fetch(request);
        throw new DOMException("The operation timed out.", "TimeoutError");
      },
    ],
  ])("%s, then success: one stored unit, same key on each attempt", async (_name, fault) => {
    const chat = newChat(service);
    const keys: (string | null)[] = [];
    let failures = 0;
    const spectron = clientThrough((request) => {
      if (!request.url.endsWith("/facts/batch")) return undefined;
      keys.push(request.headers.get("idempotency-key"));
      failures += 1;
      return failures === 1 ? fault(request) : undefined;
    });
    const { model } = scriptedModel([{ text: "Nice city." }]);
    await ask(stream, {
      model: withMemory(model, { ...chat.options, spectron }),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
    });
    await spectron.flush();
    expect(keys).toHaveLength(3);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[1]);
    expect(chat.errors).toEqual([]);
    const [session] = (await service.spectron.sessions.list({ limit: 1 })).sessions;
    const { turns } = await service.spectron.sessions.turns(session?.id ?? "");
    expect(turns.map(({ content }) => content)).toEqual(["I live in Braga.", "Nice city."]);
    await spectron.close();
  });

  test("service down for retrieval: the model is called without memory and onError is told once", async () => {
    const chat = newChat(service);
    const spectron = clientThrough(({ url }) => (url.endsWith("/context") ? failure() : undefined));
    const scripted = scriptedModel([{ text: "Nice city." }]);
    const answer = await ask(stream, {
      model: withMemory(scripted.model, { ...chat.options, spectron }),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
    });
    await spectron.flush();
    expect(answer).toBe("Nice city.");
    expect(scripted.prompts()).toEqual(["I live in Braga."]);
    expect(chat.errors).toHaveLength(1);
    await spectron.close();
  });

  test("service down for writes: the user gets the answer, and both lost units are reported", async () => {
    const chat = newChat(service);
    const spectron = clientThrough(
      ({ url }) => (url.endsWith("/facts/batch") ? failure() : undefined),
      { retries: 0 },
    );
    const answer = await ask(stream, {
      model: withMemory(scriptedModel([{ text: "Nice city." }]).model, {
        ...chat.options,
        spectron,
      }),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
    });
    await spectron.flush();
    expect(answer).toBe("Nice city.");
    expect(chat.errors).toHaveLength(2);
    await spectron.close();
  });

  test("failureMode throw rejects the call that memory could not serve", async () => {
    const chat = newChat(service, { failureMode: "throw" });
    const spectron = clientThrough(failure, { retries: 0 });
    const call = ask(stream, {
      model: withMemory(scriptedModel([{ text: "Nice city." }]).model, {
        ...chat.options,
        spectron,
      }),
      prompt: "I live in Braga.",
      providerOptions: chat.providerOptions,
      maxRetries: 0,
    });
    await expect(call).rejects.toThrow();
    expect(chat.errors.length).toBeGreaterThan(0);
    await spectron.close();
  });

  test("same text twice in one session gives two units; the same submission replayed gives one", async () => {
    const chat = newChat(service);
    const { model } = scriptedModel([{ text: "Sure." }, { text: "Sure." }, { text: "Sure." }]);
    const remembering = withMemory(model, chat.options);
    const call = (messages: ModelMessage[]): Promise<string> =>
      ask(stream, { model: remembering, messages, providerOptions: chat.providerOptions });
    const first: ModelMessage[] = [{ role: "user", content: "ok" }];
    const second: ModelMessage[] = [
      ...first,
      { role: "assistant", content: "Sure." },
      { role: "user", content: "ok" },
    ];
    await call(first);
    await call(second);
    await call(second);
    expect(await chat.stored()).toEqual([
      "user: ok",
      "assistant: Sure.",
      "user: ok",
      "assistant: Sure.",
    ]);
  });

  test("an edited message with the same id is a new unit, and regenerating keeps the input's key", async () => {
    const chat = newChat(service);
    const { model } = scriptedModel([{ text: "Nice." }, { text: "Lovely." }, { text: "Nice." }]);
    const remembering = withMemory(model, chat.options);
    const say = async (text: string): Promise<string> =>
      ask(stream, {
        model: remembering,
        messages: await convertToModelMessages(
          stampMessageIds([
            { id: "m1", role: "user" as const, parts: [{ type: "text" as const, text }] },
          ]),
        ),
        providerOptions: chat.providerOptions,
      });
    await say("I live in Braga.");
    await say("I live in Braga.");
    await say("I live in Porto.");
    await service.spectron.flush();
    expect(
      chat.batches().map(({ body }) => body.messages.map(({ content, id }) => [content, id])),
    ).toEqual([
      [["I live in Braga.", "m1"]],
      [["Nice.", "m1/a0"]],
      [["Lovely.", "m1/a0"]],
      [["I live in Porto.", "m1"]],
      [["Nice.", "m1/a0"]],
    ]);
  });

  test("memory text never appears in a later write nor in returned messages", async () => {
    const own = await startTestService();
    const scripted = await twoTurns(stream, own.spectron);
    expect(scripted.prompts()[1]).toContain("<spectron-memory>");
    expect(JSON.stringify(own.batches())).not.toContain("spectron-memory");
    await own.stop();
  });

  test("a tool loop stores each message once, results of listed tools alone, and no base64, reasoning or system text", async () => {
    const chat = newChat(service, { tools: { include: ["weather"] } });
    const base64 = "QUJD".repeat(100);
    const scripted = scriptedModel([
      {
        parts: [{ type: "reasoning", text: "thinking" }],
        text: "Let me look.",
        calls: [
          { id: "c1", name: "weather", input: '{ "city": "Braga" }' },
          { id: "c2", name: "secret", input: "{}" },
        ],
      },
      { calls: [{ id: "c3", name: "weather", input: '{"city":"Porto"}' }] },
      { text: "Sunny." },
    ]);
    const { weather } = weatherTool({ sky: "sunny", image: base64 });
    await ask(stream, {
      model: withMemory(scripted.model, chat.options),
      system: "Be brief.",
      prompt: "How is the weather?",
      stopWhen: stepCountIs(3),
      providerOptions: chat.providerOptions,
      tools: { weather, secret: weatherTool("hidden").weather },
    });
    expect(await chat.stored()).toEqual([
      "user: How is the weather?",
      'assistant: Let me look.\ncalled weather({"city":"Braga"})\ncalled secret({})',
      'tool: {"sky":"sunny","image":"[binary]"}',
      'assistant: called weather({"city":"Porto"})',
      'tool: {"sky":"sunny","image":"[binary]"}',
      "assistant: Sunny.",
    ]);
    expect(chat.reads()).toBe(1);
    expect(JSON.stringify(chat.batches())).not.toMatch(/QUJD|thinking|hidden|Be brief/);
  });

  test("no session id: no write and one warning", async () => {
    const chat = newChat(service);
    const { model } = scriptedModel([{ text: "Hello." }, { text: "Hello." }]);
    const remembering = withMemory(model, chat.options);
    for (const prompt of ["hi", "hi again"])
      await ask(stream, {
        model: remembering,
        prompt,
        providerOptions: memoryOptions({ scope: chat.scope, session: "" }),
      });
    await service.spectron.flush();
    expect(chat.batches()).toEqual([]);
    expect(chat.errors.map(({ code }) => code)).toEqual(["configuration"]);
  });

  test("concurrent runs on one wrapped model do not mix sessions or scopes", async () => {
    const chats = Array.from({ length: 6 }, () => newChat(service));
    const { model } = scriptedModel(chats.map(() => ({ text: "Noted." })));
    const remembering = withMemory(model, chats[0]?.options ?? { spectron: service.spectron });
    await Promise.all(
      chats.map(({ scope, providerOptions }) =>
        ask(stream, { model: remembering, prompt: `My code is ${scope}.`, providerOptions }),
      ),
    );
    for (const chat of chats)
      expect(await chat.stored()).toEqual([`user: My code is ${chat.scope}.`, "assistant: Noted."]);
  });

  test("a new process with the same stored state produces the same keys", async () => {
    const own = await startTestService();
    await twoTurns(stream, own.spectron);
    const keys: (string | null)[] = [];
    const recording = clientThrough(
      (request) => {
        if (request.url.endsWith("/facts/batch")) keys.push(request.headers.get("idempotency-key"));
        return undefined;
      },
      { of: own },
    );
    await twoTurns(!stream, recording);
    expect(keys).toEqual(own.batches().map(({ key }) => key));
    expect(await own.stored()).toHaveLength(4);
    await own.stop();
  });
});
