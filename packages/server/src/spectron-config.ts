import type { EngineOptions } from "@spectron/engine";

/** The parts of a service that are code, the same for `embedded()`, `serve()` and a config module. */
export interface SpectronConfig {
  /** Who turns messages into facts; several are asked in order, the rules come last. @default rules, no model */
  extractor?: EngineOptions["extractor"];
  /** How long one extractor may take, in milliseconds. @default 30_000 */
  extractTimeoutMs?: number | undefined;
  /** Adds likeness of meaning to recall. @default none: recall goes by words */
  embedder?: EngineOptions["embedder"];
  /** Told how far the embedder is with the turns of a context. */
  onEmbedding?: EngineOptions["onEmbedding"];
  /** Writes replies and reflections. @default none: no chat, and reflections quote what was said */
  generator?: EngineOptions["generator"];
  /** How long answers for retries and traces are kept. */
  retention?: EngineOptions["retention"];
}

/** Every setting of a config module, and what is wrong with a value. */
const CHECKS: { [Name in keyof Required<SpectronConfig>]: (value: unknown) => string | null } = {
  extractor: (value) => {
    const all: unknown[] = Array.isArray(value) ? value : [value];
    return all.length > 0 && all.every((item) => has(item, "extract"))
      ? null
      : "must be an extractor or a list of extractors, each with an extract function";
  },
  extractTimeoutMs: (value) =>
    typeof value === "number" && value > 0 ? null : "must be a positive number of milliseconds",
  embedder: (value) => (has(value, "embed") ? null : "must be an embedder with an embed function"),
  onEmbedding: (value) => (typeof value === "function" ? null : "must be a function"),
  generator: (value) =>
    has(value, "generate") ? null : "must be a generator with a generate function",
  retention: (value) =>
    typeof value === "object" && value !== null ? null : "must be an object of retention settings",
};

/** The ports of an engine among the options of a service. */
export function enginePorts(config: SpectronConfig): SpectronConfig {
  const { extractor, extractTimeoutMs, embedder, onEmbedding, generator, retention } = config;
  return { extractor, extractTimeoutMs, embedder, onEmbedding, generator, retention };
}

/**
 * Checks what a config module exports.
 *
 * @throws TypeError that names the setting and what it has to be.
 */
export function readConfig(value: unknown): SpectronConfig {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("the default export must be an object of settings");
  for (const [name, setting] of Object.entries(value)) {
    if (!isSetting(name))
      throw new TypeError(
        `there is no setting "${name}"; there is ${Object.keys(CHECKS).join(", ")}`,
      );
    const wrong = setting === undefined ? null : CHECKS[name](setting);
    if (wrong !== null) throw new TypeError(`${name} ${wrong}`);
  }
  return value;
}

function isSetting(name: string): name is keyof SpectronConfig {
  return Object.hasOwn(CHECKS, name);
}

function has(value: unknown, method: string): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Record<string, unknown>)[method] === "function"
  );
}
