import { canonicalJson } from "../protocol/canonical-json.ts";
import type { ScopeSets } from "../protocol/types.ts";

/** What a message says, without anything that changes from one run to the next (contract 5.4). */
export interface NormalMessage {
  role: string;
  text: string;
  tool?: string | undefined;
  /** JSON text of the arguments. */
  args?: string | undefined;
}

export type KeyKind = "batch" | "fact" | "session" | "op";

export interface KeyMaterial {
  /** `[a-z0-9-]{1,32}`. */
  adapter: string;
  context: string;
  scopes: ScopeSets;
  thread: string;
  kind: KeyKind;
  units: readonly string[];
}

/** Role, text in NFC with LF, tool and arguments with sorted keys; nothing else counts. */
function normalMessage(message: NormalMessage): NormalMessage {
  const { role, text, tool, args } = message;
  return {
    role,
    text: text.normalize("NFC").replaceAll("\r\n", "\n"),
    tool,
    args: args === undefined ? undefined : sortedArguments(args),
  };
}

/** 22 characters that name what a message says. */
export async function messageDigest(message: NormalMessage): Promise<string> {
  return (await sha256(canonicalJson(normalMessage(message)))).slice(0, 22);
}

/** 22 characters that name a conversation, in order. */
export async function conversationDigest(messages: readonly NormalMessage[]): Promise<string> {
  return (await sha256(canonicalJson(messages.map(normalMessage)))).slice(0, 22);
}

/** One unit of a key: where the message sits, and what it says. */
export async function messageUnit(anchor: string, message: NormalMessage): Promise<string> {
  return `${anchor}:${await messageDigest(message)}`;
}

/** The Idempotency-Key of one logical write; the same from any process, time and platform. */
export async function idempotencyKey(material: KeyMaterial): Promise<string> {
  const { adapter, context, scopes, thread, kind, units } = material;
  const text = canonicalJson(["mem1", adapter, context, scopes, thread, kind, units]);
  return `mem1-${adapter}-${await sha256(text)}`;
}

/** SHA-256 of method, path and canonical body, in hex (contract 5.2). */
export async function requestFingerprint(
  method: string,
  path: string,
  body: unknown,
): Promise<string> {
  const digest = await sha256(`${method}\n${path}\n${canonicalJson(body)}`);
  const bytes = atob(digest.replaceAll("-", "+").replaceAll("_", "/"));
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** SHA-256 as unpadded base64url. */
export async function sha256(text: string): Promise<string> {
  // WebCrypto hands every few bytes to a thread, so Node's own hash is asked first; no import, for bundles
  const { process } = globalThis as { process?: NodeProcess | undefined };
  const known = process?.getBuiltinModule?.("node:crypto")?.hash?.("sha256", text, "base64url");
  if (known !== undefined) return known;
  const bytes = await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace("=", "");
}

interface NodeProcess {
  getBuiltinModule?(
    id: "node:crypto",
  ): { hash?(algorithm: "sha256", text: string, encoding: "base64url"): string } | undefined;
}

function sortedArguments(text: string): string {
  try {
    return canonicalJson(JSON.parse(text));
  } catch {
    return text;
  }
}
