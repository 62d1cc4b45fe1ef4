import { EngineError } from "@spectron/engine";

/** Where memory is kept when nothing else is said, embedded or served. */
const DEFAULT_CONTEXT = "dev";

/** Names that are routes. */
const RESERVED: ReadonlySet<string> = new Set(["contexts", "health", "verbs", "migrations"]);

/** Whether requests can name this context in their path. */
export function isContextName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name) && !RESERVED.has(name);
}

/**
 * The context to open, checked before anything is opened.
 *
 * @throws EngineError `validation_failed`
 */
export function contextName(name: string = DEFAULT_CONTEXT): string {
  if (!isContextName(name))
    throw new EngineError(
      "validation_failed",
      `A context is named by 1 to 64 letters, digits, _ or -, beginning with a letter or digit, and not ${[...RESERVED].join(", ")}.`,
    );
  return name;
}
