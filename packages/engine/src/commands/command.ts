import { createHash } from "node:crypto";
import type { ScopeSets } from "@spectron/core/protocol";
import type { Instant } from "../model/records.ts";
import { EngineError } from "../model/errors.ts";
import type { IdempotencyRef, Reader, StoredAnswer, Writer } from "../stores/store.ts";

/** Settings of the service as a whole stand under no context. */
export const SERVICE = 0;

/** Who acts, with the authority that is left after keys and delegation; resolved before a command runs. */
export interface Caller {
  context: string;
  principal: string;
  onBehalfOf?: string | undefined;
  read: readonly string[];
  write: readonly string[];
  forget: readonly string[];
  manage: readonly string[];
}

/** What makes a command repeatable: its time and the seed of the ids that it makes. */
export interface CommandSeed {
  now: Instant;
  /** Random per call; ids are derived from it, so a command is a function of its input. */
  nonce: string;
}

/** Keeps the answer of a write with the effect, in one transaction (contract 5.2). */
export interface IdempotencyRequest {
  ref: IdempotencyRef;
  fingerprint: string;
  /** Milliseconds. */
  retention: number;
}

/** A fresh effect, or the answer that an earlier equal request got. */
export type Outcome<Body> =
  | { replayed: false; status: number; body: Body }
  | { replayed: true; status: number; body: string };

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Ids of 26 characters: 10 for the time, 16 from the seed, so they sort by time and cannot be guessed. */
export function createIdMaker(seed: CommandSeed): (prefix: string) => string {
  let count = 0;
  return (prefix) => {
    count += 1;
    const bytes = createHash("sha256").update(`${seed.nonce}:${prefix}:${count}`).digest();
    let time = "";
    for (let rest = seed.now, index = 0; index < 10; index += 1, rest = Math.floor(rest / 32))
      time = `${ALPHABET[rest % 32]}${time}`;
    const tail = [...bytes.subarray(0, 16)].map((byte) => ALPHABET[byte % 32]).join("");
    return `${prefix}_${time}${tail}`;
  };
}

export async function requireContext(reader: Reader, name: string): Promise<number> {
  const key = await reader.contextKey(name);
  if (key === undefined) throw new EngineError("not_found", "The context does not exist.");
  return key;
}

/** Runs the effect once per key; a repeat gets the stored answer, another request with the key is refused. */
export async function once<Body>(
  writer: Writer,
  context: number,
  request: IdempotencyRequest | undefined,
  now: Instant,
  effect: () => Promise<{ status: number; body: Body }>,
): Promise<Outcome<Body>> {
  if (request !== undefined) {
    if (!(await writer.reserveAnswer(request.ref)))
      throw new EngineError(
        "idempotency_in_flight",
        "The first request with this Idempotency-Key is still running. Retry after a second.",
      );
    const stored = checkAnswer(await writer.answer(request.ref), request, now);
    if (stored !== undefined) return { replayed: true, status: stored.status, body: stored.body };
  }
  const result = await effect();
  if (request !== undefined)
    await writer.putAnswer(context, request.ref, {
      fingerprint: request.fingerprint,
      status: result.status,
      body: JSON.stringify(result.body),
      createdAt: now,
      expiresAt: now + request.retention,
    });
  return { replayed: false, ...result };
}

/** The answer to replay, if the key was used for the same request and is still kept. */
export function checkAnswer(
  stored: StoredAnswer | undefined,
  request: { fingerprint: string },
  now: Instant,
): StoredAnswer | undefined {
  if (stored === undefined || stored.expiresAt <= now) return undefined;
  if (stored.fingerprint !== request.fingerprint)
    throw new EngineError(
      "idempotency_mismatch",
      "This Idempotency-Key was used with a different request. Use one key for one logical call.",
    );
  return stored;
}

/** Clauses sorted inside and out and without repeats, so that equal selectors share one scope set. */
export function canonicalClauses(clauses: ScopeSets): ScopeSets {
  const seen = new Map(
    clauses.map((clause) => {
      const sorted = [...new Set(clause)].toSorted();
      return [JSON.stringify(sorted), sorted] as const;
    }),
  );
  return [...seen].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, clause]) => clause);
}
