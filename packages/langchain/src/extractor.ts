import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { extractionRequest, readExtraction } from "@spectron/core/extraction";
import type { Extractor } from "@spectron/core/extraction";

export interface LangchainExtractorOptions {
  /** A chat model that can answer in a structure. */
  model: Pick<BaseChatModel, "withStructuredOutput">;
}

/** An extractor that asks a chat model of LangChain. */
export function langchainExtractor({ model }: LangchainExtractorOptions): Extractor {
  return {
    name: "langchain",
    async extract(input, options) {
      const { system, prompt, schema } = extractionRequest(input);
      const structured = model.withStructuredOutput<Record<string, unknown>>(
        { title: "extraction", description: "What a conversation states.", ...schema },
        { name: "extraction", includeRaw: true },
      );
      const answer: unknown = await structured.invoke(
        [
          { role: "system", content: system },
          { role: "user", content: prompt },
        ],
        options?.signal === undefined ? {} : { signal: options.signal },
      );
      const read = readAnswer(answer);
      if (read === null) throw new Error("The model's answer holds no readable extraction.");
      return read.answer;
    },
  };
}

/** The parsed value; where the framework could not parse it, the message's own text. */
function readAnswer(answer: unknown): ReturnType<typeof readExtraction> {
  if (typeof answer !== "object" || answer === null || !("raw" in answer))
    return readExtraction(answer);
  const parsed = "parsed" in answer ? readExtraction(answer.parsed) : null;
  if (parsed !== null) return parsed;
  const { raw } = answer;
  return typeof raw === "object" && raw !== null && "text" in raw ? readExtraction(raw.text) : null;
}
