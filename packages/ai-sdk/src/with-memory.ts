import { MemoryError } from "@spectron/core";
import { memoryMiddleware } from "./middleware.ts";
import type { MemoryMiddlewareOptions } from "./options.ts";

/** What every language model of the SDK has, whatever its specification version. */
interface LanguageModelObject {
  // oxlint-disable-next-line typescript/no-explicit-any -- call options differ between the SDK's majors
  doGenerate(params: any): PromiseLike<any>;
  // oxlint-disable-next-line typescript/no-explicit-any
  doStream(params: any): PromiseLike<any>;
}

interface CallOptions {
  prompt: unknown;
}

/**
 * Gives a model long-term memory. Build it once; bind each call with `memoryOptions`, so that one wrapped model
 * serves many users at once.
 *
 * @throws MemoryError `configuration` for a model id instead of a model object.
 */
export function withMemory<Model extends LanguageModelObject>(
  model: Model,
  options: MemoryMiddlewareOptions,
): Model {
  if (typeof model !== "object" || model === null)
    throw new MemoryError(
      "configuration",
      'withMemory needs a model object such as openai("gpt-5"), not a model id.',
    );
  const middleware = memoryMiddleware(options);
  // a proxy keeps provider, modelId and supportedUrls live, whatever else a model carries
  return new Proxy(model, {
    get(target, property) {
      if (property === "doGenerate") return generate.bind(undefined, target);
      if (property === "doStream") return stream.bind(undefined, target);
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

  async function generate(target: Model, given: CallOptions): Promise<unknown> {
    const params = await middleware.transformParams({
      type: "generate",
      params: given,
      model: target,
    });
    return middleware.wrapGenerate({
      doGenerate: () => target.doGenerate(params),
      doStream: () => target.doStream(params),
      params,
      model: target,
    });
  }

  async function stream(target: Model, given: CallOptions): Promise<unknown> {
    const params = await middleware.transformParams({
      type: "stream",
      params: given,
      model: target,
    });
    return middleware.wrapStream({
      doGenerate: () => target.doGenerate(params),
      doStream: () => target.doStream(params),
      params,
      model: target,
    });
  }
}
