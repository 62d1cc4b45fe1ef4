import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  idempotencyKey,
  messageDigest,
  messageUnit,
  requestFingerprint,
} from "../src/identity/key.ts";
import type { KeyMaterial, NormalMessage } from "../src/identity/key.ts";
import { patience, runs } from "./runs.ts";

vi.setConfig({ testTimeout: patience });
const numRuns = runs(300);

const text = fc.string({ unit: "binary", maxLength: 40 });
const anchor = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
const message: fc.Arbitrary<NormalMessage> = fc.record(
  {
    role: fc.constantFrom("user", "assistant", "tool"),
    text,
    tool: fc.string({ maxLength: 10 }),
    args: fc.json({ maxDepth: 3 }),
  },
  { requiredKeys: ["role", "text"] },
);
const material = fc.record<KeyMaterial>({
  adapter: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
  context: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,10}$/),
  scopes: fc.array(fc.array(text, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
  thread: text,
  kind: fc.constantFrom("batch", "fact", "session", "op"),
  units: fc.array(text, { maxLength: 4 }),
});

/** The same value with the keys of every object in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, turned(item)]),
  );
}

describe("the key of a write", () => {
  test("is the same however the same call is put together", async () => {
    await fc.assert(
      fc.asyncProperty(material, async (given) => {
        const again = structuredClone(turned(given)) as KeyMaterial;
        expect(await idempotencyKey(again)).toBe(await idempotencyKey(given));
      }),
      { numRuns },
    );
  });

  test("differs when any part of the call differs", async () => {
    await fc.assert(
      fc.asyncProperty(material, material, async (one, other) => {
        for (const part of Object.keys(one) as (keyof KeyMaterial)[]) {
          const mixed = { ...one, [part]: other[part] } as KeyMaterial;
          const isEqual = JSON.stringify(one[part]) === JSON.stringify(other[part]);
          expect((await idempotencyKey(mixed)) === (await idempotencyKey(one))).toBe(isEqual);
        }
      }),
      { numRuns },
    );
  });

  test("does not confuse where one part ends and the next begins", async () => {
    await fc.assert(
      fc.asyncProperty(material, text, text, async (given, first, second) => {
        const keys = await Promise.all(
          [[first + second], [first, second], [first, second, ""], [`${first}","${second}`]].map(
            async (units) => idempotencyKey({ ...given, units }),
          ),
        );
        expect(new Set(keys).size).toBe(4);
      }),
      { numRuns },
    );
  });

  test("is one header's worth of visible characters, and shows nothing of thread, scope or text", async () => {
    await fc.assert(
      fc.asyncProperty(material, message, anchor, async (given, said, where) => {
        const secret = `zq${said.text}qz`;
        const key = await idempotencyKey({
          ...given,
          thread: secret,
          scopes: [[secret]],
          units: [await messageUnit(where, { ...said, text: secret })],
        });
        expect(key).toMatch(/^mem1-[a-z0-9-]{1,32}-[\w-]{43}$/);
        expect(key.slice(`mem1-${given.adapter}-`.length)).not.toContain(secret);
      }),
      { numRuns },
    );
  });

  test("tells one word said twice from one word sent twice", async () => {
    await fc.assert(
      fc.asyncProperty(message, fc.uniqueArray(anchor, { minLength: 2 }), async (said, anchors) => {
        const units = await Promise.all(anchors.map(async (where) => messageUnit(where, said)));
        expect(new Set(units).size).toBe(anchors.length);
        expect(await messageUnit(anchors[0] ?? "", { ...said })).toBe(units[0]);
      }),
      { numRuns },
    );
  });
});

describe("the digest of a message", () => {
  test("ignores composition, line ends and the order of arguments, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(message, message, async (one, other) => {
        const same: NormalMessage = {
          ...one,
          text: one.text.normalize("NFD").replaceAll(/(?<!\r)\n/g, "\r\n"),
          ...(one.args === undefined
            ? {}
            : { args: JSON.stringify(turned(JSON.parse(one.args)), undefined, 2) }),
        };
        expect(await messageDigest(same)).toBe(await messageDigest(one));
        const plain = ({ role, text: words, tool, args }: NormalMessage): string =>
          JSON.stringify([
            role,
            words.normalize("NFC").replaceAll("\r\n", "\n"),
            tool ?? null,
            args === undefined ? null : JSON.stringify(sorted(JSON.parse(args))),
          ]);
        expect((await messageDigest(one)) === (await messageDigest(other))).toBe(
          plain(one) === plain(other),
        );
      }),
      { numRuns },
    );
  });

  test("tells apart texts that differ in half a character", async () => {
    const digests = await Promise.all(
      ["\ud800", "\ud801", "\udc00", "\ufffd"].map(async (half) =>
        messageDigest({ role: "user", text: half }),
      ),
    );
    expect(new Set(digests).size).toBe(4);
  });
});

/** Keys in code unit order, written apart from the code under test. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  // pairs, because an object would move keys that look like numbers
  const pairs = Object.keys(value)
    .toSorted()
    .map((key) => [key, sorted((value as Record<string, unknown>)[key])]);
  return { pairs };
}

test("the fingerprint of a request changes with method, path and body, and with nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.jsonValue({ maxDepth: 3 }),
      fc.jsonValue({ maxDepth: 3 }),
      async (one, other) => {
        const given = await requestFingerprint("POST", "/facts", one);
        expect(await requestFingerprint("POST", "/facts", turned(one))).toBe(given);
        expect(await requestFingerprint("PUT", "/facts", one)).not.toBe(given);
        expect(await requestFingerprint("POST", "/facts/batch", one)).not.toBe(given);
        expect((await requestFingerprint("POST", "/facts", other)) === given).toBe(
          JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)),
        );
      },
    ),
    { numRuns },
  );
});
