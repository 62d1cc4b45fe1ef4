import { EngineError } from "../model/errors.ts";
import type { GenerateInput, Generator } from "./generator.ts";

/** Runs a generator to its end and hands over each piece as it comes. */
export async function generateText(
  generator: Generator,
  input: GenerateInput,
  options: { signal: AbortSignal; onDelta?: ((delta: string) => void) | undefined },
): Promise<string> {
  let text = "";
  try {
    const answer = generator.generate(input, { signal: options.signal });
    if (Symbol.asyncIterator in answer) {
      for await (const delta of answer) {
        text += delta;
        if (delta !== "") options.onDelta?.(delta);
      }
    } else {
      text = await answer;
      if (text !== "") options.onDelta?.(text);
    }
  } catch (error) {
    throw new EngineError("generator_failed", "The language model failed.", { cause: error });
  }
  if (options.signal.aborted)
    throw new EngineError(
      "generator_failed",
      "The request was given up before the reply was whole.",
    );
  if (text.trim() === "")
    throw new EngineError("generator_failed", "The language model answered with nothing.");
  return text;
}
