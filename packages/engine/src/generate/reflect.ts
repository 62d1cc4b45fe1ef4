import type { Caller } from "../commands/command.ts";
import type { Engine } from "../engine.ts";
import type { ReadClamp } from "../model/clamp.ts";
import { EngineError } from "../model/errors.ts";
import { generateText } from "./generate-text.ts";
import type { Generator } from "./generator.ts";
import { buildPrompt } from "./prompt.ts";

export interface ReflectInput {
  caller: Caller;
  clamp: ReadClamp;
  query: string;
  /** Keeping a reflection as facts. */
  persist: boolean;
  signal: AbortSignal;
}

export interface Reflection {
  reflection: string;
  /** References of what it rests on, best first. */
  evidence: string[];
}

const RECALLED = 20;
/** Lines that an answer without a model quotes. */
const QUOTED = 5;
const TASK =
  "Answer the question in a few sentences from what is remembered. Draw careful conclusions, and tell apart what was " +
  "said and what you conclude.";

/** What memory as a whole says to a question: in the model's words, or, without one, in those that were said. */
export async function reflect(
  engine: Pick<Engine, "recall">,
  generator: Generator | undefined,
  input: ReflectInput,
): Promise<Reflection> {
  if (input.persist)
    throw new EngineError(
      "not_implemented",
      "Keeping a reflection is not available. Send what should be kept to /facts.",
    );
  const recalled = await engine.recall({
    caller: input.caller,
    clamp: input.clamp,
    query: input.query,
    k: RECALLED,
    facts: true,
    passages: true,
  });
  const hits = recalled.hits();
  const evidence = (shown: typeof hits): string[] => [
    ...new Set(shown.flatMap((hit) => [hit.sources?.[0]?.ref ?? hit.id])),
  ];
  if (generator === undefined || hits.length === 0) {
    const quoted = hits.slice(0, QUOTED);
    return { reflection: quoted.map(({ text }) => text).join("\n"), evidence: evidence(quoted) };
  }
  const prompt = buildPrompt(TASK, { hits }, { cites: false });
  const reflection = await generateText(
    generator,
    { system: prompt.system, messages: [{ role: "user", content: input.query }] },
    { signal: input.signal },
  );
  return { reflection, evidence: evidence([...prompt.marked]) };
}
