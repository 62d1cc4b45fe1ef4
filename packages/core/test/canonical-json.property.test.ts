import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { canonicalJson } from "../src/protocol/canonical-json.ts";
import { patience, runs } from "./runs.ts";

vi.setConfig({ testTimeout: patience });
const numRuns = runs(300);
const names = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("__proto__", "constructor", "toString", "0", "10", "2", ""),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(names, tie("value")), { maxLength: 5, selector: ([name]) => name })
      .map((pairs) => Object.fromEntries(pairs)),
  ),
}));

test("canonical JSON reads back as the value it was made of", () => {
  fc.assert(
    fc.property(value, (given) => {
      const text = canonicalJson(given);
      // what JSON itself keeps: -0 becomes 0
      expect(isDeepStrictEqual(JSON.parse(text), JSON.parse(JSON.stringify(given)))).toBe(true);
    }),
    { numRuns },
  );
});

test("canonical JSON is its own canonical form, without a blank outside of texts", () => {
  fc.assert(
    fc.property(value, (given) => {
      const text = canonicalJson(given);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
      expect(text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '""')).not.toMatch(/\s/);
    }),
    { numRuns },
  );
});

test("every order of the keys gives one text", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(names, value), {
        minLength: 2,
        maxLength: 6,
        selector: ([name]) => name,
      }),
      fc.nat(),
      (pairs, seed) => {
        const order = pairs.map((pair, index) => ({ pair, at: (index * 7919 + seed) % 97 }));
        const moved = order.toSorted((one, other) => one.at - other.at).map(({ pair }) => pair);
        expect(canonicalJson(Object.fromEntries(moved))).toBe(
          canonicalJson(Object.fromEntries(pairs)),
        );
      },
    ),
    { numRuns },
  );
});

test("keys come in the order of their code units", () => {
  fc.assert(
    fc.property(fc.uniqueArray(names, { minLength: 1, maxLength: 8 }), (keys) => {
      const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])));
      const written = [...text.matchAll(/"((?:[^"\\]|\\.)*)":0/gs)].map(
        ([, key = ""]) => JSON.parse(`"${key}"`) as string,
      );
      expect(written).toEqual(keys.toSorted());
    }),
    { numRuns },
  );
});

test("two values share a text only when JSON cannot tell them apart", () => {
  fc.assert(
    fc.property(value, value, (one, other) => {
      const sameText = canonicalJson(one) === canonicalJson(other);
      const read = (given: unknown): unknown => JSON.parse(JSON.stringify(given));
      const sameValue = isDeepStrictEqual(read(one), read(other));
      expect(sameText).toBe(sameValue);
    }),
    { numRuns },
  );
});
