import type { Spectron } from "@spectron/core";
import type { InputGuardrail } from "@openai/agents";
import { lastUserText } from "./messages.ts";
import { runMemory } from "./run-memory.ts";

const REQUEST =
  /\boff the record\b|\b(?:do not|don['’]t|never)\s+(?:please\s+)?(?:remember|memori[sz]e|store|save|keep|record)\b/i;

/**
 * An input guardrail that never trips: when the user asks for it, nothing that this run says becomes memory. The items
 * still stand in the transcript.
 */
export function memoryGuardrail(options: {
  spectron: Spectron;
  /** True for a message whose run is not to be remembered. @default asks like "do not remember this" */
  when?: ((text: string) => boolean | Promise<boolean>) | undefined;
}): InputGuardrail {
  const when = options.when ?? ((text: string): boolean => REQUEST.test(text));
  return {
    name: "memory",
    // the decision stands before anything of the run is stored
    runInParallel: false,
    async execute({ input, context }) {
      const text = typeof input === "string" ? input : lastUserText(input);
      const silent = text !== undefined && (await when(text));
      runMemory(options.spectron, context).silent = silent;
      return { tripwireTriggered: false, outputInfo: { remembered: !silent } };
    },
  };
}
