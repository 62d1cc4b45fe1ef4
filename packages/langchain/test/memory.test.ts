import { HumanMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder, PromptTemplate } from "@langchain/core/prompts";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { ConversationChain, LLMChain } from "@langchain/classic/chains";
import { SpectronMemory } from "@spectron/langchain/memory";
import type { SpectronMemoryOptions } from "@spectron/langchain/memory";
import { describeAdapterContract } from "@spectron/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { collectErrors, startHarness } from "./harness.ts";
import type { Harness } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  await harness.stop();
});

function memory(options: Partial<SpectronMemoryOptions> = {}): SpectronMemory {
  return new SpectronMemory({
    spectron: harness.spectron,
    scope: harness.newScope(),
    session: "thread-1",
    // a busy machine is no outage
    recall: { timeoutMs: 20_000 },
    ...options,
  });
}

/** A scripted model that shows the prompts it was given. */
function scripted(...responses: string[]): { llm: FakeListChatModel; prompts: string[] } {
  const prompts: string[] = [];
  const llm = new FakeListChatModel({
    responses,
    callbacks: [
      {
        handleChatModelStart: (_: unknown, [messages = []]: BaseMessage[][]) => {
          prompts.push(messages.map((message) => message.content as string).join("\n"));
        },
      },
    ],
  });
  return { llm, prompts };
}

const TOGETHER =
  "A chain hands the question to its memory together with the answer, so a call without an answer hands over nothing.";
const NO_IDS = "A chain knows no ids: what arrives again was said again.";

describeAdapterContract(
  "SpectronMemory in a classic chain",
  ({ spectron, scope, session, stream, onError, memory: more }) => {
    const prompts: string[] = [];
    const returned: string[] = [];
    const chainMemory = new SpectronMemory({ spectron, scope, session, onError, ...more });
    const run = async (llm: unknown, text: string): Promise<string> => {
      const chain = new ConversationChain({ llm: llm as never, memory: chainMemory });
      let said = "";
      if (stream)
        for await (const chunk of await chain.stream({ input: text }))
          said += String(chunk["response"]);
      else said = String((await chain.invoke({ input: text }))["response"]);
      returned.push(said);
      return said;
    };
    return {
      async ask(text, answer) {
        const model = scripted(answer);
        const said = await run(model.llm, text);
        prompts.push(...model.prompts);
        return said;
      },
      prompts: () => prompts,
      async askRetried(text, answer) {
        const busy = scripted(answer);
        const model = scripted(answer);
        const said = await run(
          busy.llm.withConfig({ thrownErrorString: "busy" }).withFallbacks([model.llm]),
          text,
        );
        prompts.push(...busy.prompts, ...model.prompts);
        return said;
      },
      transcript: () => returned.join("\n"),
    };
  },
  {
    askWithTools: "A conversation chain calls no tools.",
    askAborted: TOGETHER,
    askBroken: TOGETHER,
    replay: NO_IDS,
    regenerate: NO_IDS,
    edit: NO_IDS,
    askAs: "The memory of a chain is bound to one conversation when it is made.",
  },
);

test("a conversation chain sees what is known and what was just said, each message stored once", async () => {
  const scope = harness.newScope();
  const { llm, prompts } = scripted("Nice city.", "Bye.", "In Braga.");
  const chain = new ConversationChain({ llm: llm as never, memory: memory({ scope }) });
  await chain.invoke({ input: "I live in Braga." });
  await chain.invoke({ input: "ok" });
  expect(prompts[1]).toContain("Human: I live in Braga.\nAI: Nice city.");
  const later = new ConversationChain({
    llm: llm as never,
    memory: memory({ scope, session: "thread-2" }),
  });
  await harness.spectron.flush();
  await later.invoke({ input: "Where do I live?" });
  expect(prompts[2]).toMatch(/<spectron-memory>[\s\S]*Braga[\s\S]*<\/spectron-memory>/);
  expect(prompts[2]).not.toContain("AI: Nice city.");
  expect(await harness.stored(scope)).toEqual([
    "user: I live in Braga.",
    "assistant: Nice city.",
    "user: ok",
    "assistant: Bye.",
    "user: Where do I live?",
    "assistant: In Braga.",
  ]);
});

test("the same words twice are two messages, also in a new process", async () => {
  const scope = harness.newScope();
  for (let process = 0; process < 2; process += 1) {
    await memory({ scope }).saveContext({ input: "ok" }, { output: "Fine." });
    await harness.spectron.flush();
  }
  expect(await harness.stored(scope)).toEqual([
    "user: ok",
    "assistant: Fine.",
    "user: ok",
    "assistant: Fine.",
  ]);
  const keys = harness.units(scope).map((unit) => unit.key);
  expect(new Set(keys).size).toBe(4);
});

test("a chain with several inputs and outputs names the ones that count", async () => {
  const scope = harness.newScope();
  const { llm } = scripted("Nice.");
  const chain = new LLMChain({
    llm: llm as never,
    prompt: PromptTemplate.fromTemplate("{known}\n{style}\n{question}"),
    outputKey: "answer",
    memory: memory({ scope, memoryKey: "known", inputKey: "question", outputKey: "answer" }),
  });
  await chain.invoke({ question: "I live in Braga.", style: "brief" });
  expect(await harness.stored(scope)).toEqual(["user: I live in Braga.", "assistant: Nice."]);
});

test("a chat prompt gets messages, the memory in the instructions", async () => {
  const scope = harness.newScope();
  const chat = memory({ scope, returnMessages: true });
  await chat.saveContext({ input: "I live in Braga." }, { output: "Nice." });
  await harness.spectron.flush();
  const { history } = await chat.loadMemoryVariables({ input: "Where do I live?" });
  const messages = history as BaseMessage[];
  expect(messages.map((message) => message.getType())).toEqual(["system", "human", "ai"]);
  const prompt = ChatPromptTemplate.fromMessages([
    new MessagesPlaceholder("history"),
    ["human", "{input}"],
  ]);
  const value = await prompt.invoke({ history: messages, input: "Where do I live?" });
  expect(value.messages.at(-1)).toBeInstanceOf(HumanMessage);
});

test("how much of the conversation comes along can be bounded, down to nothing", async () => {
  const scope = harness.newScope();
  await memory({ scope }).saveContext({ input: "one" }, { output: "1" });
  await memory({ scope }).saveContext({ input: "two" }, { output: "2" });
  await harness.spectron.flush();
  const load = async (recent: number): Promise<unknown> =>
    (await memory({ scope, recent, recall: false }).loadMemoryVariables({ input: "x" }))["history"];
  expect(await load(2)).toBe("Human: two\nAI: 2");
  expect(await load(0)).toBe("");
});

test("a failed write does not reject the chain after the model answered, unless asked to", async () => {
  const { errors, onError } = collectErrors();
  const spectron = harness.through(
    (request) =>
      request.url.endsWith("/facts/batch") ? new Response("{}", { status: 400 }) : undefined,
    { retries: 0 },
  );
  const options = { spectron, onError };
  await memory(options).saveContext({ input: "hi" }, { output: "Hello." });
  await spectron.flush();
  expect(errors.length).toBeGreaterThan(0);
  await expect(
    memory({ ...options, failureMode: "throw" }).saveContext({ input: "hi" }, { output: "Hello." }),
  ).rejects.toMatchObject({ code: "validation" });
});

test("memory is never stored as something said", async () => {
  const scope = harness.newScope();
  const chat = memory({ scope });
  await chat.saveContext({ input: "I live in Braga." }, { output: "Nice." });
  await harness.spectron.flush();
  const { history } = await chat.loadMemoryVariables({ input: "Where do I live?" });
  await chat.saveContext({ input: "Repeat it" }, { output: `You told me: ${String(history)}` });
  await harness.spectron.flush();
  expect(JSON.stringify(harness.units(scope))).not.toContain("spectron-memory");
});

test("a service that hangs is waited for once, and the chain goes on", async () => {
  let asked = 0;
  const spectron = harness.through(
    async () => {
      asked += 1;
      return new Promise<Response>(() => undefined);
    },
    { close: undefined },
  );
  const { errors, onError } = collectErrors();
  const hanging = memory({ spectron, onError, recall: { timeoutMs: 10 } });
  expect(await hanging.loadMemoryVariables({ input: "hi" })).toEqual({ history: "" });
  const once = asked;
  expect(await hanging.loadMemoryVariables({ input: "hi again" })).toEqual({ history: "" });
  expect(asked).toBe(once);
  expect(new Set(errors.slice(2).map((error) => error.code))).toEqual(new Set(["connection"]));
});
