import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { AIMessage, AIMessageChunk, HumanMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { fakeModel } from "@langchain/core/testing";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { MemorySaver } from "@langchain/langgraph";
import { memoryMiddleware } from "@spectron/langchain";
import type { MemoryRuntime } from "@spectron/langchain";
import { describeAdapterContract, TOOL_TURN } from "@spectron/testing";
import { createAgent, createMiddleware, modelRetryMiddleware, tool } from "langchain";

const weather = tool(async () => TOOL_TURN.result, {
  name: "weather",
  description: "weather",
  schema: { type: "object" as const, properties: { city: { type: "string" as const } } },
});

/** Streams whatever the run asks for, as models that are set to stream do, and comes to no end. */
class Unfinished extends FakeListChatModel {
  private readonly partial: string;
  private readonly interrupt: () => Error;

  constructor(partial: string, interrupt: () => Error) {
    super({ responses: [partial] });
    this.partial = partial;
    this.interrupt = interrupt;
  }

  override bindTools(): never {
    return this as never;
  }

  override async *_streamResponseChunks(
    _: BaseMessage[],
    __: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    for (const text of this.partial) {
      yield new ChatGenerationChunk({ text, message: new AIMessageChunk(text) });
      await runManager?.handleLLMNewToken(text);
    }
    throw this.interrupt();
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): Promise<never> {
    for await (const _ of this._streamResponseChunks(messages, options, runManager));
    throw new Error("The model came to its end.");
  }
}

describeAdapterContract(
  "LangChain middleware",
  ({ spectron, scope, session, stream, onError, memory }) => {
    interface Binding {
      scope: string;
      session: string;
    }
    type Config = NonNullable<MemoryRuntime["configurable"]>;
    const model = fakeModel();
    const returned: string[] = [];
    const answers = new Map<string, AIMessage>();
    let ids = 0;
    let last: { question: HumanMessage; answer: AIMessage } | undefined;
    let unfinished: Unfinished | undefined;

    const agent: ReturnType<typeof createAgent> = createAgent({
      model,
      tools: [weather],
      systemPrompt: "Be brief.",
      checkpointer: new MemorySaver(),
      middleware: [
        memoryMiddleware({
          spectron,
          onError,
          ...memory,
          scope: (runtime) => runtime.configurable?.["scope"] as string,
          session: (runtime) => runtime.configurable?.["session"] as string,
        }),
        modelRetryMiddleware({
          // older versions say first which middleware the error passed
          retryOn: (error) => error.message.endsWith("busy"),
          onFailure: "error",
          initialDelayMs: 0,
          jitter: false,
        }),
        createMiddleware({
          name: "Unfinished",
          wrapModelCall: async (request, handler) =>
            handler(unfinished === undefined ? request : { ...request, model: unfinished }),
        }),
      ] as never,
    });

    const configOf = (bound: Binding, more: Config = {}): { configurable: Config } => ({
      configurable: { ...bound, thread_id: `${bound.scope} ${bound.session}`, ...more },
    });
    const run = async (
      input: { messages: BaseMessage[] } | null,
      config: { configurable: Config; signal?: AbortSignal },
    ): Promise<string> => {
      let messages: BaseMessage[] = [];
      if (stream)
        for await (const [mode, state] of await agent.stream(input, {
          ...config,
          streamMode: ["messages", "values"],
        }))
          messages = mode === "values" ? state.messages : messages;
      else messages = (await agent.invoke(input, config)).messages;
      returned.push(messages.map(({ text }) => text).join("\n"));
      return messages.at(-1)?.text ?? "";
    };
    const newId = (): string => `m-${session}-${(ids += 1)}`;
    const userOf = (content: string): HumanMessage => new HumanMessage({ content, id: newId() });
    const answerOf = (content: string): AIMessage => new AIMessage({ content, id: newId() });
    const call = (content: string): AIMessage => {
      const id = newId();
      return new AIMessage({
        content,
        id,
        tool_calls: [{ id: `call-${id}`, name: "weather", args: TOOL_TURN.args }],
      });
    };
    const ask = async (text: string, ...steps: (AIMessage | Error)[]): Promise<string> => {
      for (const step of steps) model.respond(step as AIMessage);
      return run({ messages: [userOf(text)] }, configOf({ scope, session }));
    };
    /** Where the newest question was about to be answered. */
    const beforeAnswer = async (): Promise<{ configurable: Config }> => {
      for await (const state of agent.graph.getStateHistory(configOf({ scope, session })))
        if (state.next[0] === "model_request")
          return configOf({ scope, session }, state.config.configurable);
      throw new Error("Nothing was asked yet.");
    };

    return {
      async ask(text, answer) {
        last = { question: userOf(text), answer: answerOf(answer) };
        model.respond(last.answer);
        return run({ messages: [last.question] }, configOf({ scope, session }));
      },
      prompts: () =>
        model.calls.map((made) => made.messages.map((message) => message.text).join("\n")),
      askWithTools: async (text, answer) =>
        ask(text, call(TOOL_TURN.words), call(""), answerOf(answer)),
      async askAborted(text, partial) {
        const caller = new AbortController();
        unfinished = new Unfinished(partial, () => {
          caller.abort();
          return caller.signal.reason as Error;
        });
        const config = { ...configOf({ scope, session }), signal: caller.signal };
        await run({ messages: [userOf(text)] }, config).catch(() => undefined);
      },
      async askBroken(text, partial) {
        unfinished = new Unfinished(partial, () => new Error("broken"));
        await run({ messages: [userOf(text)] }, configOf({ scope, session })).catch(
          () => undefined,
        );
      },
      askRetried: async (text, answer) => ask(text, new Error("busy"), answerOf(answer)),
      async replay() {
        if (last === undefined) throw new Error("Nothing was asked yet.");
        model.respond(last.answer);
        await run({ messages: [last.question] }, configOf({ scope, session }));
      },
      async regenerate(answer) {
        model.respond(answerOf(answer));
        return run(null, await beforeAnswer());
      },
      async edit(text, answer) {
        const fork = await beforeAnswer();
        const edited = new HumanMessage({ content: text, id: last?.question.id ?? "" });
        const config = await agent.graph.updateState(fork, { messages: [edited] });
        model.respond(answerOf(answer));
        return run(null, configOf({ scope, session }, config.configurable));
      },
      async askAs(bound, text, answer) {
        answers.set(text, answerOf(answer));
        model.respond((messages) => answers.get(messages.at(-1)?.text ?? "") as AIMessage);
        return run({ messages: [userOf(text)] }, configOf(bound));
      },
      transcript: () => returned.join("\n"),
    };
  },
  {},
);
