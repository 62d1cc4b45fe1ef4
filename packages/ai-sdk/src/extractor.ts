import { extractionRequest, readExtraction } from "@spectron/core/extraction";
import type { Extractor } from "@spectron/core/extraction";

/** What a call of the model answers, as far as it is read here; the same in every version of the model interface. */
interface GenerateResult {
  content?: readonly { type: string; text?: unknown }[] | undefined;
}

/** A language model object of any provider; V2, V3 and V4 of the interface share this. */
export interface ExtractionModel {
  readonly modelId: string;
  doGenerate(options: {
    prompt: (
      | { role: "system"; content: string }
      | { role: "user"; content: { type: "text"; text: string }[] }
    )[];
    responseFormat: { type: "json"; schema: object; name: string };
    // providers' own types do not take an explicit undefined here
    abortSignal?: AbortSignal;
  }): PromiseLike<object>;
}

export interface AiSdkExtractorOptions {
  /** A model object such as `openai("gpt-5-mini")`, not the text id of one. */
  model: ExtractionModel;
}

/**
 * An extractor that asks a model of the AI SDK.
 *
 * @throws TypeError when `model` is a text id or no model at all.
 */
export function aiSdkExtractor({ model }: AiSdkExtractorOptions): Extractor {
  if (typeof model !== "object" || typeof model.doGenerate !== "function")
    throw new TypeError(
      "aiSdkExtractor needs a model object, such as openai('gpt-5-mini'); a text id names none here.",
    );
  return {
    name: `ai-sdk:${model.modelId}`,
    async extract(input, options) {
      const { system, prompt, schema } = extractionRequest(input);
      const { content = [] } = (await model.doGenerate({
        prompt: [
          { role: "system", content: system },
          { role: "user", content: [{ type: "text", text: prompt }] },
        ],
        responseFormat: { type: "json", schema, name: "extraction" },
        ...(options?.signal === undefined ? {} : { abortSignal: options.signal }),
      })) as GenerateResult;
      const text = content
        .map((part) => (part.type === "text" && typeof part.text === "string" ? part.text : ""))
        .join("");
      const read = readExtraction(text);
      if (read === null) throw new Error("The model's answer holds no readable extraction.");
      return read.answer;
    },
  };
}
