import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { EngineError } from "@spectron/engine";
import type { KeyRecord } from "@spectron/engine";

const derive = promisify(scrypt) as (
  secret: string,
  salt: string,
  length: number,
) => Promise<Buffer>;

/** A new key `sp-{id}-{secret}`; the secret is shown once and kept only as a slow hash. */
export function mintKey(name: string = randomBytes(6).toString("hex")): string {
  return `sp-${name}-${randomBytes(32).toString("base64url")}`;
}

/** The name under which a key's row is found; only minted keys are stored. */
export function keyName(key: string): string | undefined {
  return /^s[pk]-([A-Za-z0-9]{1,64})-.+$/.exec(key)?.[1];
}

/** Compares without telling by its time how much is right. */
export function isSameKey(key: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(key), digest(expected));
}

/**
 * Checks a key that somebody chose.
 *
 * @throws EngineError `validation_failed`
 */
export function checkChosenKey(key: string): void {
  if (!/^[\x21-\x7e]{16,512}$/.test(key))
    throw new EngineError(
      "validation_failed",
      "An API key of your own needs 16 to 512 ASCII characters without spaces, such as what `openssl rand -hex 24` prints.",
    );
}

/** The row of a minted key whose principal holds every verb everywhere in the context. */
export async function ownerKeyRecord(context: string, key: string): Promise<KeyRecord> {
  const everywhere = ["/*"];
  return {
    context,
    principal: "owner",
    name: keyName(key) ?? "",
    hash: await hashSecret(key),
    displayName: "Owner",
    principalKind: "service",
    grants: {
      "memory:read": everywhere,
      "memory:write": everywhere,
      "memory:forget": everywhere,
      "scope:read": everywhere,
      "scope:create": everywhere,
      "scope:delete": everywhere,
      "grant:manage": everywhere,
    },
    keyGrants: null,
    expiresAt: null,
  };
}

async function hashSecret(key: string): Promise<string> {
  const salt = randomBytes(16).toString("base64url");
  return `scrypt$${salt}$${(await derive(key, salt, 32)).toString("base64url")}`;
}

/** Checks keys against their slow hash once, and against a digest of the same text afterwards. */
export function createKeyVerifier(): (key: string, hash: string) => Promise<boolean> {
  const verified = new Map<string, string>();
  return async (key, hash) => {
    const digest = createHash("sha256").update(key).digest("hex");
    if (verified.get(digest) === hash) return true;
    const [, salt, expected] = hash.split("$");
    if (salt === undefined || expected === undefined) return false;
    const actual = await derive(key, salt, 32);
    const wanted = Buffer.from(expected, "base64url");
    if (actual.length !== wanted.length || !timingSafeEqual(actual, wanted)) return false;
    if (verified.size > 10_000) verified.clear();
    verified.set(digest, hash);
    return true;
  };
}
