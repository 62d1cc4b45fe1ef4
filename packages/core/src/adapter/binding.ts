import { MemoryError } from "../client/errors.ts";
import type { Spectron } from "../client/spectron.ts";
import { idempotencyKey, sha256 } from "../identity/key.ts";
import { canonicalJson } from "../protocol/canonical-json.ts";
import { normalizePath, ScopeSyntaxError } from "../protocol/scope.ts";
import type { MemoryBinding, SessionMap } from "./types.ts";

/**
 * Checks what an application bound a call to.
 *
 * @throws MemoryError `configuration` when scope or session is missing or the scope is not a path.
 */
export function requireBinding(binding: MemoryBinding): MemoryBinding {
  if (typeof binding.scope !== "string" || binding.scope.trim() === "")
    throw new MemoryError(
      "configuration",
      'Memory needs a scope such as "org/acme/user/alice"; without one this call runs without memory.',
    );
  if (typeof binding.session !== "string" || binding.session.trim() === "")
    throw new MemoryError(
      "configuration",
      "Memory needs a session, such as your chat or thread id; without one this call runs without memory.",
    );
  try {
    const scope = normalizePath(binding.scope);
    if (scope === "/" && binding.scope !== "/")
      throw new ScopeSyntaxError(
        'This scope has no segment. Memory for everybody is "/", spelled exactly so.',
      );
    return { scope, session: binding.session };
  } catch (error) {
    throw new MemoryError("configuration", error instanceof Error ? error.message : "bad scope", {
      cause: error,
    });
  }
}

/** Finds or makes the service's session of a binding; equal bindings share one session, whichever adapter asks. */
export function createSessionBinder(options: {
  spectron: Spectron;
  adapter: string;
  sessions: SessionMap | undefined;
}): (binding: MemoryBinding) => Promise<string> {
  const { spectron, adapter } = options;
  const known = new Map<string, Promise<string>>();

  const open = async (binding: MemoryBinding, name: string): Promise<string> => {
    const scopes = [[binding.scope]];
    const key = await idempotencyKey({
      adapter,
      context: spectron.context,
      scopes,
      thread: binding.session,
      kind: "session",
      units: [],
    });
    const capabilities = await spectron.capabilities();
    if (capabilities.has("external-session-id")) {
      const externalId = `thread-${await sha256(name)}`;
      const request = { externalId, scopes, metadata: { thread: binding.session } };
      return (await spectron.sessions.create(request, { idempotencyKey: key })).id;
    }
    if (options.sessions === undefined)
      throw new MemoryError(
        "configuration",
        'This service cannot find sessions by your ids. Give the adapter a "sessions" map ({ get, set }) that survives restarts.',
      );
    const stored = await options.sessions.get(name);
    if (stored !== undefined) return stored;
    const made = await spectron.sessions.create({ scopes }, { idempotencyKey: key });
    await options.sessions.set(name, made.id);
    return made.id;
  };

  return async (binding) => {
    const name = canonicalJson([binding.scope, binding.session]);
    const found = known.get(name);
    if (found !== undefined) return found;
    const opening = open(binding, name);
    known.set(name, opening);
    if (known.size > 10_000) known.delete(known.keys().next().value ?? "");
    opening.catch(() => known.delete(name));
    return opening;
  };
}
