import { Agent, Runner, tool } from "@openai/agents";
import type { AgentInputItem, Model, ModelRequest, Session } from "@openai/agents";
import { ScriptedModel, assistantMessage, functionCall, modelError } from "@openai/agents/testing";
import type { ScriptedModelInput } from "@openai/agents/testing";
import { memoryInputFilter, memorySession, withMemoryInstructions } from "@spectron/openai-agents";
import { TOOL_TURN } from "@spectron/testing";
import type { AdapterApp, AppBinding } from "@spectron/testing";

type Said = string | AgentInputItem[];
type Bound = Pick<AppBinding, "scope" | "session">;

/** An assistant with one session a conversation, as `makeSession` builds it, and one agent for all of them. */
export function createApp(
  { spectron, scope, session, stream, onError, memory: more }: AppBinding,
  setup: { transcript?: () => Session; filter?: boolean },
): AdapterApp {
  const prompts: string[] = [];
  const kept: string[] = [];
  const scripts = new Map<string, ScriptedModel>();
  const sessions = new Map<string, Session>();
  const own: Bound = { scope, session };
  const boundOf = (context: unknown): Bound => (context as Bound | undefined) ?? own;
  const memory = {
    spectron,
    scope: (context: unknown) => boundOf(context).scope,
    session: (context: unknown) => boundOf(context).session,
    onError,
    ...more,
  };

  /** The script of what the user said last. */
  const scriptOf = (request: ModelRequest): ScriptedModel => {
    prompts.push(`${request.systemInstructions}\n${JSON.stringify(request.input)}`);
    const items = typeof request.input === "string" ? [] : request.input;
    const asked = items.findLast((item) => (item as { role?: string }).role === "user");
    const script = scripts.get((asked as { content?: string } | undefined)?.content ?? "");
    if (script === undefined) throw new Error("Nobody scripted an answer to this.");
    return script;
  };
  const model: Model = {
    getResponse: async (request) => scriptOf(request).getResponse(request),
    getStreamedResponse: (request) => scriptOf(request).getStreamedResponse(request),
  };
  const weather = tool({
    name: "weather",
    description: "Tells the weather of a city.",
    parameters: {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    },
    strict: true,
    execute: async () => TOOL_TURN.result,
  });
  const plain = new Agent<unknown>({
    name: "Assistant",
    instructions: "Be brief.",
    model,
    tools: [weather],
    modelSettings: {
      retry: { maxRetries: 1, policy: () => ({ retry: true, delayMs: 0 }) },
    },
  });
  const agent = setup.filter === true ? plain : withMemoryInstructions(plain, memory);
  const runner = new Runner({
    tracingDisabled: true,
    ...(setup.filter === true ? { callModelInputFilter: memoryInputFilter(memory) } : {}),
  });

  const sessionOf = (bound: Bound): Session | undefined => {
    if (bound.session === "") return undefined;
    // a conversation of one's own where the items are kept, and one session for everybody's where memory keeps them
    const name = setup.transcript === undefined ? bound.session : JSON.stringify(bound);
    const known = sessions.get(name);
    if (known !== undefined) return known;
    const options = { ...memory, session: bound.session };
    const transcript = setup.transcript?.();
    const made: Session =
      transcript === undefined ? memorySession(options) : memorySession({ ...options, transcript });
    sessions.set(name, made);
    return made;
  };

  const run = async (bound: Bound, said: Said): Promise<string> => {
    const conversation = sessionOf(bound);
    const options = {
      context: bound,
      ...(conversation === undefined ? {} : { session: conversation }),
    };
    let result;
    if (stream) {
      result = await runner.run(agent, said, { ...options, stream: true });
      await result.completed;
    } else result = await runner.run(agent, said, options);
    kept.push(JSON.stringify(result.history), result.finalOutput ?? "");
    return result.finalOutput ?? "";
  };
  const say = async (
    text: string,
    steps: ScriptedModelInput[],
    bound: Bound = own,
  ): Promise<string> => {
    scripts.set(text, new ScriptedModel(steps));
    return run(bound, text);
  };
  const answered = (text: string): ScriptedModelInput => [assistantMessage(text)];
  const pop = async (): Promise<AgentInputItem | undefined> => sessionOf(own)?.popItem();
  const call = (callId: string): ReturnType<typeof functionCall> =>
    functionCall("weather", TOOL_TURN.args, { callId });

  return {
    ask: async (text, answer) => say(text, [answered(answer)]),
    prompts: () => prompts,
    askWithTools: async (text, answer) =>
      say(text, [[assistantMessage(TOOL_TURN.words), call("c1")], [call("c2")], answered(answer)]),
    askRetried: async (text, answer) =>
      say(text, [modelError(new Error("busy")), answered(answer)]),
    /** The question stays in the session, so the run says nothing new. */
    async regenerate(answer) {
      await pop();
      const question = (await sessionOf(own)?.getItems(1))?.[0];
      const text = (question as { content?: string } | undefined)?.content ?? "";
      scripts.set(text, new ScriptedModel([answered(answer)]));
      return run(own, []);
    },
    async edit(text, answer) {
      await pop();
      await pop();
      return say(text, [answered(answer)]);
    },
    askAs: async (bound, text, answer) => say(text, [answered(answer)], bound),
    transcript: () => kept.join("\n"),
  };
}
