import type { ExtractInput, Extractor } from "@spectron/core/protocol";
import type { Extraction } from "./extractor.ts";
import { gateExtraction } from "./gate.ts";

/** An extractor that gave no usable answer; the next one was asked. */
export class ExtractorError extends Error {
  override readonly name: string = "ExtractorError";
  readonly code: "extractor_failed" | "extractor_timeout" | "extractor_unreadable";

  constructor(code: ExtractorError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface RunExtractorsOptions {
  /** How long each but the last may take, in milliseconds. */
  timeoutMs: number;
  /** Told of every extractor that failed, before the next one is asked. */
  onError?: ((error: ExtractorError) => void) | undefined;
}

const EMPTY: Extraction = { facts: [], instructions: [], uncertainties: [] };

/**
 * Asks the extractors in order until one gives a readable answer; none of them can make the write fail.
 * The last one is what everything falls back to, so nothing cuts it short.
 */
export async function runExtractors(
  extractors: readonly Extractor[],
  input: ExtractInput,
  options: RunExtractorsOptions,
): Promise<Extraction> {
  for (const [index, extractor] of extractors.entries()) {
    try {
      const answer =
        index === extractors.length - 1
          ? await extractor.extract(input)
          : await askInTime(extractor, input, options);
      const { extraction, dropped } = gateExtraction(input, answer);
      if (!dropped.some(({ reason }) => reason === "unreadable")) return extraction;
      report(
        options,
        new ExtractorError(
          "extractor_unreadable",
          `The extractor "${extractor.name}" gave an answer that cannot be read.`,
        ),
      );
    } catch (cause) {
      report(
        options,
        cause instanceof ExtractorError
          ? cause
          : new ExtractorError("extractor_failed", `The extractor "${extractor.name}" failed.`, {
              cause,
            }),
      );
    }
  }
  return EMPTY;
}

/** A model that does not listen to the signal is left behind all the same. */
async function askInTime(
  extractor: Extractor,
  input: ExtractInput,
  { timeoutMs }: RunExtractorsOptions,
): Promise<unknown> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new ExtractorError(
      "extractor_timeout",
      `The extractor "${extractor.name}" took longer than ${timeoutMs} ms.`,
    );
    controller.abort(error);
    reject(error);
  }, timeoutMs);
  try {
    return await Promise.race([extractor.extract(input, { signal: controller.signal }), promise]);
  } finally {
    clearTimeout(timer);
  }
}

function report({ onError }: RunExtractorsOptions, error: ExtractorError): void {
  try {
    onError?.(error);
  } catch {
    // a broken listener must not cost the turn
  }
}
