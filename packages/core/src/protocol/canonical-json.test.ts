import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

test("sorts keys at every level by code unit and writes no whitespace", () => {
  expect(canonicalJson({ b: [{ z: 1, a: null }], a: "x y", B: true })).toBe(
    '{"B":true,"a":"x y","b":[{"a":null,"z":1}]}',
  );
});

test("keeps the order of arrays", () => {
  expect(canonicalJson([3, 1, 2])).toBe("[3,1,2]");
});

test("sorts astral characters by code unit, below private-use characters", () => {
  expect(canonicalJson({ "\ue000": 1, "\u{1f600}": 2 })).toBe('{"\u{1f600}":2,"\ue000":1}');
});

test("drops undefined fields, so they equal absent ones", () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe(canonicalJson({ b: 1 }));
});

test("gives a date and its ISO text the same text, and two dates different texts", () => {
  const date = new Date("2026-06-01T09:00:00.000Z");
  expect(canonicalJson({ at: date })).toBe(canonicalJson({ at: "2026-06-01T09:00:00.000Z" }));
  expect(canonicalJson({ at: date })).not.toBe(canonicalJson({ at: new Date(0) }));
});

test("writes null for what JSON cannot hold", () => {
  expect(canonicalJson(undefined)).toBe("null");
  expect(canonicalJson([undefined, Number.NaN])).toBe("[null,null]");
});
