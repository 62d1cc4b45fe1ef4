import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readConfig } from "@spectron/server";
import type { SpectronConfig } from "@spectron/server";

/** A config module that cannot be used; the message says what to change. */
export class ConfigError extends Error {
  override readonly name: string = "ConfigError";
  readonly code = "config_invalid";
}

/**
 * Loads the default export of a module (JavaScript, or TypeScript without syntax of its own to run).
 *
 * @throws ConfigError when there is no such module, it does not load, or its settings are wrong.
 */
export async function loadConfig(path: string): Promise<SpectronConfig> {
  const file = resolve(path);
  if (!existsSync(file)) throw new ConfigError(`--config: there is no file ${path}`);
  let module: object;
  try {
    module = (await import(pathToFileURL(file).href)) as object;
  } catch (cause) {
    throw new ConfigError(
      `--config: ${path} does not load: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  if (!("default" in module))
    throw new ConfigError(`--config: ${path} has no default export; write "export default { … }"`);
  try {
    return readConfig(module.default);
  } catch (cause) {
    throw new ConfigError(
      `--config: in ${path} ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
