import { withDeadline } from "../client/deadline.ts";
import { MemoryError } from "../client/errors.ts";
import type { Spectron } from "../client/spectron.ts";
import { messageUnit } from "../identity/key.ts";
import { bindingKey } from "./binding-key.ts";
import { requireBinding } from "./binding.ts";
import { stripMemoryBlocks } from "./fence.ts";
import { buildMemoryBlock } from "./memory-block.ts";
import { sharedOf } from "./shared.ts";
import { withSpan } from "./telemetry.ts";
import type { MemoryTracer } from "./telemetry.ts";
import type { MemoryBinding } from "./types.ts";

export interface ToolCall {
  /** The platform's id of this call; makes `remember` safe to repeat. */
  callId?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** A tool in the parts that every framework has; whose memory it acts on never comes from the model. */
export interface ToolDefinition<Context> {
  name: "recall" | "remember" | "forget";
  description: string;
  /** JSON Schema of the arguments. */
  parameters: {
    type: "object";
    properties: Record<string, { type: "string"; description: string }>;
    required: string[];
    additionalProperties: false;
  };
  /** Answers with text for the model, failures included. */
  execute(args: unknown, context: Context, call?: ToolCall): Promise<string>;
}

/** Longest wait of a tool; the model goes on with a text that says so. */
const TOOL_MS = 10_000;
/** Longest answer of `recall`, four characters to a token. */
const RECALL_TOKENS = 1024;

/** The tools recall, remember and forget; `resolve` reads the binding from what the framework hands to a tool. */
export function createToolDefinitions<Context>(
  spectron: Spectron,
  resolve: (context: Context) => MemoryBinding,
  options: { adapter: string; tracer?: MemoryTracer | undefined; timeoutMs?: number | undefined },
): ToolDefinition<Context>[] {
  const timeoutMs = options.timeoutMs ?? TOOL_MS;
  const define = (
    name: ToolDefinition<Context>["name"],
    description: string,
    argument: { name: string; description: string },
    run: (value: string, binding: MemoryBinding, call: ToolCall) => Promise<string>,
  ): ToolDefinition<Context> => ({
    name,
    description,
    parameters: {
      type: "object",
      properties: { [argument.name]: { type: "string", description: argument.description } },
      required: [argument.name],
      additionalProperties: false,
    },
    async execute(args, context, call = {}) {
      try {
        const value = (args as Record<string, unknown> | null | undefined)?.[argument.name];
        if (typeof value !== "string" || value.trim() === "")
          return `${name} needs "${argument.name}", a text that is not empty.`;
        const binding = requireBinding(resolve(context));
        return await withSpan(options.tracer, `spectron.tool.${name}`, async () =>
          withDeadline(
            async (signal) => run(stripMemoryBlocks(value), binding, { ...call, signal }),
            { call: name, timeoutMs, signal: call.signal },
          ),
        );
      } catch (error) {
        return MemoryError.isInstance(error)
          ? `${name} failed (${error.code}): ${error.message}`
          : `${name} failed.`;
      }
    },
  });

  return [
    define(
      "recall",
      "Looks up what is remembered about the user from earlier conversations.",
      { name: "query", description: "What to look up, as a question or keywords." },
      async (query, binding, call) => {
        const { hits } = await spectron.query(
          { query, lens: [[binding.scope]] },
          { signal: call.signal },
        );
        const recalled = hits.map((hit) => `- ${hit.text.replaceAll(/\s+/g, " ")}`);
        const block = buildMemoryBlock({ profile: [], recalled }, { maxTokens: RECALL_TOKENS });
        return block.text === "" ? "Nothing is remembered about that." : block.text;
      },
    ),
    define(
      "remember",
      "Stores a fact about the user for later conversations.",
      { name: "text", description: "The fact as one full sentence." },
      async (text, binding, call) => {
        const scopes = [[binding.scope]];
        const key =
          call.callId === undefined
            ? undefined
            : await bindingKey({ spectron, adapter: options.adapter }, binding, "fact", [
                await messageUnit(call.callId, { role: "user", text }),
              ]);
        await spectron.facts.add({ text, scopes }, { idempotencyKey: key, signal: call.signal });
        return "Remembered.";
      },
    ),
    define(
      "forget",
      "Removes what is remembered about the user that matches a description. Use it only when the user asks for it.",
      { name: "query", description: "What to forget." },
      async (query, binding, call) => {
        // a service that ignores the lens would forget for every user of the key
        if ((await spectron.capabilities()).size === 0)
          throw new MemoryError(
            "unsupported",
            "This service does not announce that it can forget within one scope.",
          );
        const { deleted } = await spectron.forget(
          { query, lens: [[binding.scope]] },
          { signal: call.signal },
        );
        // what was recalled before may hold it
        sharedOf(spectron).forgotten += 1;
        return `Forgotten: ${deleted}.`;
      },
    ),
  ];
}
