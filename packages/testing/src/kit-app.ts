import { createAdapterMemory, idAnchor } from "@spectron/core/adapter";
import type { MemoryBinding, TurnMessage } from "@spectron/core/adapter";
import { TOOL_TURN } from "./adapter-app.ts";
import type { AdapterApp, AppBinding } from "./adapter-app.ts";

/** One model call: what it says, and how it ends. */
interface Step {
  text: string;
  calls?: boolean;
  end?: "abort" | "break" | "retry";
}

/** The smallest application over the kit: a loop around a scripted model that keeps its conversation with ids. */
export function createKitApp(binding: AppBinding): AdapterApp {
  const { spectron, onError, memory: more } = binding;
  const memory = createAdapterMemory({ spectron, adapter: "kit", onError, ...more });
  const prompts: string[] = [];
  const threads = new Map<string, TurnMessage[]>();
  const own: MemoryBinding = { scope: binding.scope, session: binding.session };
  let last: { text: string; answer: string } = { text: "", answer: "" };

  const threadOf = (bound: MemoryBinding): TurnMessage[] => {
    const key = JSON.stringify([bound.scope, bound.session]);
    const thread = threads.get(key) ?? [];
    threads.set(key, thread);
    return thread;
  };
  const say = (thread: TurnMessage[], message: Omit<TurnMessage, "anchor">): TurnMessage => {
    const said = { ...message, anchor: idAnchor(`m${thread.length}`) };
    thread.push(said);
    return said;
  };

  /** The same turn is begun before every model call, as a model middleware does. */
  const run = async (
    bound: MemoryBinding,
    thread: TurnMessage[],
    question: TurnMessage,
    steps: Step[],
  ): Promise<string> => {
    let answer = "";
    let begun = 0;
    for (const step of steps) {
      const turn = memory.turn(bound, {
        inputs: begun === 0 || step.end !== undefined ? [question] : [],
        query: question.text,
        queryAnchor: question.anchor,
      });
      begun += 1;
      const block = await turn.block;
      prompts.push(["Be brief.", block, ...thread.map(({ text }) => text)].join("\n"));
      if (step.end === "abort" || step.end === "break") {
        turn.abort([{ role: "assistant", text: step.text, anchor: `m${thread.length}` }]);
        throw new Error(step.end);
      }
      if (step.end === "retry") {
        turn.abort();
        continue;
      }
      const outputs = [
        say(thread, {
          role: "assistant",
          text: step.text,
          ...(step.calls === true ? { tool: "weather", args: JSON.stringify(TOOL_TURN.args) } : {}),
        }),
      ];
      if (step.calls === true) {
        const result = say(thread, { role: "tool", text: TOOL_TURN.result, tool: "weather" });
        if (more.tools?.include.includes("weather") === true) outputs.push(result);
      }
      await turn.finish(outputs);
      answer = step.text;
    }
    return answer;
  };

  const begin = async (
    text: string,
    steps: Step[],
    bound: MemoryBinding = own,
  ): Promise<string> => {
    const thread = threadOf(bound);
    return run(bound, thread, say(thread, { role: "user", text }), steps);
  };
  /** Asks the newest user message again, with what it may say now. */
  const again = async (text: string, answer: string): Promise<string> => {
    const thread = threadOf(own);
    const place = thread.findLastIndex(({ role }) => role === "user");
    const [question] = thread.splice(place);
    if (question === undefined) throw new Error("Nothing was asked yet.");
    const asked = { ...question, text };
    thread.push(asked);
    return run(own, thread, asked, [{ text: answer }]);
  };

  return {
    async ask(text, answer) {
      last = { text, answer };
      return begin(text, [{ text: answer }]);
    },
    prompts: () => prompts,
    askWithTools: async (text, answer) =>
      begin(text, [
        { text: TOOL_TURN.words, calls: true },
        { text: "", calls: true },
        { text: answer },
      ]),
    async askAborted(text, partial) {
      await begin(text, [{ text: partial, end: "abort" }]).catch(() => undefined);
    },
    async askBroken(text, partial) {
      await begin(text, [{ text: partial, end: "break" }]).catch(() => undefined);
    },
    askRetried: async (text, answer) => begin(text, [{ text: "", end: "retry" }, { text: answer }]),
    async replay() {
      await again(last.text, last.answer);
    },
    regenerate: async (answer) => again(last.text, answer),
    edit: async (text, answer) => again(text, answer),
    askAs: async (bound, text, answer) => begin(text, [{ text: answer }], bound),
    transcript: () =>
      [...threads.values()]
        .flat()
        .map(({ text }) => text)
        .join("\n"),
  };
}
