import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";
import { ScopeSyntaxError, ancestorsOf, normalizeSelector, patternCovers } from "./scope.ts";

test.each<[unknown, unknown]>([
  [
    { org: "acme", user: "alice" },
    { kind: "subset", clauses: [["org/acme", "user/alice"]] },
  ],
  [
    { user: "alice", org: "acme" },
    { kind: "subset", clauses: [["org/acme", "user/alice"]] },
  ],
  [
    { org: "acme", user: null },
    { kind: "subset", clauses: [["org/acme"]] },
  ],
  [["org=acme", "user=u_alice"], { kind: "subset", clauses: [["org/acme", "user/u_alice"]] }],
  ["org=acme", { kind: "subset", clauses: [["org/acme"]] }],
  ["org/acme/user/alice", { kind: "lens", clauses: [["org/acme/user/alice"]] }],
  ["/org/acme/", { kind: "lens", clauses: [["org/acme"]] }],
  [["a/1", "b/2"], { kind: "lens", clauses: [["a/1"], ["b/2"]] }],
  [["a/1", ["b/2", "c/3"]], { kind: "lens", clauses: [["a/1"], ["b/2", "c/3"]] }],
  [[["a/1", "b/2", "a/1"]], { kind: "lens", clauses: [["a/1", "b/2"]] }],
  [[["a/1", ""], []], { kind: "lens", clauses: [["a/1"]] }],
  ["/", { kind: "lens", clauses: [["/"]] }],
  [undefined, undefined],
  [[], undefined],
])("%j becomes %j", (input, expected) => {
  expect(normalizeSelector(input)).toEqual(expected);
});

test("tags in the tag dimensions join into one path", () => {
  expect(
    normalizeSelector(
      { org: "acme", user: "u_alice", agent: "support" },
      { tagDimensions: ["org", "user"] },
    ),
  ).toEqual({ kind: "subset", clauses: [["org/acme/user/u_alice", "agent/support"]] });
});

test.each<[unknown]>([
  [["org=acme", "a/1"]],
  [{ org: { deep: 1 } }],
  [[["a/*/b"]]],
  [[["a/../b"]]],
  [[["a//b"]]],
  [42],
  ["a/".repeat(20)],
])("%j is refused", (input) => {
  expect(() => normalizeSelector(input)).toThrow(ScopeSyntaxError);
});

test("ancestors and patterns", () => {
  expect(ancestorsOf("a/b/c")).toEqual(["/", "a", "a/b"]);
  expect(patternCovers("team/*", "team/a")).toBe(true);
  expect(patternCovers("team/*", "team_private")).toBe(false);
  expect(patternCovers("team", "team/a")).toBe(false);
});

test("canonical JSON sorts keys at every level and follows JSON semantics", () => {
  expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: undefined })).toBe('{"b":[{"c":2,"d":1}]}');
  expect(canonicalJson(new Date(0))).toBe('"1970-01-01T00:00:00.000Z"');
  expect(canonicalJson(JSON.parse('{"__proto__":1,"a":2}'))).toBe('{"__proto__":1,"a":2}');
});
