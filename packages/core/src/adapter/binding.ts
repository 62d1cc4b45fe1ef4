import { MemoryError } from "../client/errors.ts";
import { createMemo } from "../client/memo.ts";
import type { Spectron } from "../client/spectron.ts";
import { sha256 } from "../identity/key.ts";
import { canonicalJson } from "../protocol/canonical-json.ts";
import { checkSegment, normalizePath } from "../protocol/scope.ts";
import { bindingKey } from "./binding-key.ts";
import type { MemoryBinding, SessionMap } from "./types.ts";

/**
 * Checks what an application bound a call to.
 *
 * @throws MemoryError `configuration` when scope or session is missing, or holds an id that is, or the scope is not a path.
 */
export function requireBinding(binding: MemoryBinding): MemoryBinding {
  const { scope, session } = binding;
  const wrong = [scope, session].findIndex((value) => !isText(value) || SLIP.test(value));
  if (wrong >= 0)
    throw new MemoryError(
      "configuration",
      `Memory needs a ${wrong ? "session, such as your chat or thread id" : 'scope, such as "org/acme/user/alice"'}, without "undefined" or the like; this call runs without memory.`,
    );
  try {
    const path = normalizePath(scope);
    // memory for everybody is "/", spelled exactly so
    if (path === "/" && scope !== "/") checkSegment("");
    return { scope: path, session };
  } catch (cause) {
    throw new MemoryError("configuration", (cause as Error).message, { cause });
  }
}

/** What a template makes of an id that is not there; everybody without one would share a memory. */
const SLIP = /(^|\/)(undefined|null|NaN|\[object Object\])(\/|$)/;
/** Bindings whose session is remembered. */
const REMEMBERED = 10_000;

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

/** Finds or makes the service's session of a binding; equal bindings share one session, whichever adapter asks. */
export function createSessionBinder(options: {
  spectron: Spectron;
  adapter: string;
  sessions?: SessionMap | undefined;
}): (binding: MemoryBinding) => Promise<string> {
  const { spectron } = options;
  const known = createMemo<string>(REMEMBERED);

  const open = async (binding: MemoryBinding, name: string): Promise<string> => {
    const scopes = [[binding.scope]];
    const key = await bindingKey(options, binding, "session", []);
    const create = async (more: object): Promise<string> =>
      (await spectron.sessions.create({ ...more, scopes }, { idempotencyKey: key })).id;
    if ((await spectron.capabilities()).has("external-session-id"))
      return create({
        externalId: `thread-${await sha256(name)}`,
        metadata: { thread: binding.session },
      });
    if (options.sessions === undefined)
      throw new MemoryError(
        "configuration",
        'This service finds no sessions by your ids. Pass a "sessions" map that survives restarts.',
      );
    const stored = await options.sessions.get(name);
    if (stored !== undefined) return stored;
    const made = await create({});
    await options.sessions.set(name, made);
    return made;
  };

  return async (binding) => {
    const name = canonicalJson([binding.scope, binding.session]);
    return known(name, async () => open(binding, name));
  };
}
