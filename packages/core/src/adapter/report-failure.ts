import { toMemoryError } from "../client/errors.ts";
import type { MemoryError } from "../client/errors.ts";
import type { MemoryOptions, OnError } from "./types.ts";

/** Tells the application of a failure: its `onError`, or else the console, once for each operation and code. */
export function reportFailure(
  options: Pick<MemoryOptions, "spectron" | "onError">,
  error: unknown,
  where: Parameters<OnError>[1],
): MemoryError {
  const typed = toMemoryError(error);
  const { warned } = options.spectron.service;
  const what = `${where.operation} failed (${typed.code})`;
  try {
    if (options.onError) options.onError(typed, where);
    else if (!warned.has(what)) {
      warned.add(what);
      // oxlint-disable-next-line no-console -- memory that fails unheard looks like memory that works
      console.warn(
        `Spectron: ${what}: ${typed.message} ${where.kept ? "It is kept and tried again." : "This goes on without memory."} Told once; onError hears all.`,
      );
    }
  } catch {
    // a failing listener must not become the failure
  }
  return typed;
}
