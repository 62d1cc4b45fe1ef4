import type { Caller, Engine, FoundKey } from "@spectron/engine";
import type { MeResponse } from "@spectron/core/protocol";
import { patternCovers } from "@spectron/core/protocol";
import { Problem } from "../problem.ts";
import { createKeyVerifier, isSameKey, keyName } from "./keys.ts";

/** The caller of one request, and what keys the digests of its stored requests. */
export interface Identity {
  caller: Caller;
  contextSecret: string;
  me: MeResponse;
}

/** A key that holds while this process runs: it is not stored, and counts as the key of the row it names. */
export interface GivenKey {
  context: string;
  key: string;
  row: string;
}

export type Authenticate = (context: string, headers: Headers) => Promise<Identity>;

const VERBS = ["memory:read", "memory:write", "memory:forget", "grant:manage"] as const;

/** One answer for every way a credential can be wrong, so that neither keys nor contexts can be guessed. */
function unauthorized(): Problem {
  return new Problem(
    401,
    "unauthenticated",
    "The API key is missing or not valid for this context. Send it as Authorization: Bearer <key>.",
  );
}

/** How long a key's row is believed without reading it again: a key that is taken away works this much longer. */
const KEY_FRESH_MS = 1000;
const MOST_KEYS = 10_000;

/** Checks Bearer and `API-KEY` credentials against the stored key, on every request. */
export function createAuthenticate(
  engine: Pick<Engine, "keepPassed" | "now" | "read">,
  {
    elapsed = () => performance.now(),
    given,
  }: { elapsed?: (() => number) | undefined; given?: GivenKey | undefined } = {},
): Authenticate {
  const verify = createKeyVerifier();
  const known = new Map<string, { found: FoundKey; readAt: number }>();

  /** Only keys that exist are remembered, so a new one works at once. */
  async function findKey(context: string, name: string): Promise<FoundKey | undefined> {
    const id = `${context} ${name}`;
    const now = elapsed();
    const last = known.get(id);
    if (last !== undefined && now - last.readAt < KEY_FRESH_MS) return last.found;
    const found = await engine.read("findKey", { context, name });
    if (known.size >= MOST_KEYS) known.clear();
    if (found === undefined) known.delete(id);
    else known.set(id, { found, readAt: now });
    return found;
  }

  return async (context, headers) => {
    const key = presentedKey(headers);
    if (key === undefined) throw unauthorized();
    const isGiven = given?.context === context && isSameKey(key, given.key);
    const name = isGiven ? given.row : keyName(key);
    const found = name === undefined ? undefined : await findKey(context, name);
    if (found === undefined || !(isGiven || (await verify(key, found.hash)))) throw unauthorized();
    if (found.expiresAt !== null && found.expiresAt <= engine.now()) {
      // a key that was once refused stays refused, also when the clock is set back and the service starts anew
      await engine.keepPassed(found.expiresAt);
      throw unauthorized();
    }
    const effective = attenuate(found.grants, found.keyGrants);
    const patterns = (verb: (typeof VERBS)[number]): string[] => effective[verb] ?? [];
    return {
      contextSecret: found.contextSecret,
      caller: {
        context,
        principal: found.principal,
        read: patterns("memory:read"),
        write: patterns("memory:write"),
        forget: patterns("memory:forget"),
        manage: patterns("grant:manage"),
      },
      me: {
        principalId: found.principal,
        displayName: found.displayName,
        kind: found.principalKind,
        grants: found.grants,
        effectiveGrants: effective,
      },
    };
  };
}

function presentedKey(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S{1,512})$/i.exec(headers.get("authorization") ?? "")?.[1];
  const older = headers.get("api-key") ?? undefined;
  if (headers.has("authorization") && bearer === undefined) throw unauthorized();
  if (bearer !== undefined && older !== undefined && bearer !== older) throw unauthorized();
  const key = bearer ?? older;
  return key === undefined || key.length > 512 ? undefined : key;
}

/** A key's own grants can only take away from its principal's. */
function attenuate(
  principal: Record<string, string[]>,
  key: Record<string, string[]> | null,
): Record<string, string[]> {
  if (key === null) return principal;
  return Object.fromEntries(
    Object.entries(key).map(([verb, patterns]) => {
      const own = principal[verb] ?? [];
      const kept = [
        ...patterns.filter((pattern) => own.some((held) => coversPattern(held, pattern))),
        ...own.filter((held) => patterns.some((pattern) => coversPattern(pattern, held))),
      ];
      return [verb, [...new Set(kept)]];
    }),
  );
}

function coversPattern(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  const root = inner.endsWith("/*") ? inner.slice(0, -2) : inner;
  return outer.endsWith("*") && patternCovers(outer, root);
}
