import { describe, expect, test } from "vitest";
import {
  ancestorsOf,
  normalizePath,
  normalizeSelector,
  patternCovers,
  ScopeSyntaxError,
} from "./scope.ts";

describe("a selector in any accepted spelling", () => {
  test.each<[string, unknown, string[][], "lens" | "subset"]>([
    [
      "an object of dimensions",
      { org: "acme", user: "alice" },
      [["org/acme", "user/alice"]],
      "subset",
    ],
    [
      "an object in another order",
      { user: "alice", org: "acme" },
      [["org/acme", "user/alice"]],
      "subset",
    ],
    ["scalars that are no text", { org: 7, live: true }, [["live/true", "org/7"]], "subset"],
    ["a null dimension", { org: "acme", user: null }, [["org/acme"]], "subset"],
    ["an array of tags", ["org=acme", "user=u_alice"], [["org/acme", "user/u_alice"]], "subset"],
    ["one tag", "org=acme", [["org/acme"]], "subset"],
    ["one path", "org/acme/user/alice", [["org/acme/user/alice"]], "lens"],
    ["a flat array of paths", ["a/1", "b/2"], [["a/1"], ["b/2"]], "lens"],
    ["a mixed array", ["a/1", ["b/2", "c/3"]], [["a/1"], ["b/2", "c/3"]], "lens"],
    ["nested clauses", [["a/1", "b/2"]], [["a/1", "b/2"]], "lens"],
    ["slashes at the ends", [["/a/1/"]], [["a/1"]], "lens"],
    ["a path twice in a clause", [["a/1", "b/2", "/a/1"]], [["a/1", "b/2"]], "lens"],
    ["an empty clause", [[], [""], ["a/1"]], [["a/1"]], "lens"],
    ["an empty object", {}, [["/"]], "subset"],
  ])("%s", (_, input, clauses, kind) => {
    expect(normalizeSelector(input)).toEqual({ kind, clauses });
  });

  test.each([undefined, null, "", [], [[]], [""]])("selects nothing for %j", (input) => {
    expect(normalizeSelector(input)).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ["tags mixed with paths", ["org=acme", "org/acme"]],
    ["an array as a dimension", { org: ["acme"] }],
    ["an object as a dimension", { org: { name: "acme" } }],
    ["a number", 7],
    ["a clause that holds a number", [["a/1", 7]]],
    ["seventeen clauses", Array.from({ length: 17 }, (_, index) => [`a/${index}`])],
  ])("refuses %s", (_, input) => {
    expect(() => normalizeSelector(input)).toThrow(ScopeSyntaxError);
  });

  test("joins the configured tag dimensions into one path and leaves the others", () => {
    expect(
      normalizeSelector(
        { org: "acme", user: "u_alice", agent: "support" },
        { tagDimensions: ["org", "user"] },
      )?.clauses,
    ).toEqual([["org/acme/user/u_alice", "agent/support"]]);
  });
});

describe("a path", () => {
  test("has one spelling, whatever its composition and outer slashes", () => {
    expect(normalizePath("/caf\u0065\u0301/")).toBe("caf\u00e9");
    expect(normalizePath("/")).toBe("/");
  });

  test.each([
    "a//b",
    "a/../b",
    "a/./b",
    "a/*",
    "a/b*",
    "a/\u0007",
    "a/\ud800",
    `a/${"x".repeat(129)}`,
  ])("is refused as %j", (path) => {
    expect(() => normalizePath(path)).toThrow(ScopeSyntaxError);
  });

  test("has at most sixteen segments", () => {
    const deep = Array.from({ length: 16 }, () => "a").join("/");
    expect(normalizePath(deep)).toBe(deep);
    expect(() => normalizePath(`${deep}/a`)).toThrow(ScopeSyntaxError);
  });

  test("may end in a star where patterns are allowed, and only there", () => {
    expect(normalizePath("org/acme/*", { pattern: true })).toBe("org/acme/*");
    expect(() => normalizePath("org/*/user", { pattern: true })).toThrow(ScopeSyntaxError);
  });

  test("has its proper prefixes and the root as ancestors", () => {
    expect(ancestorsOf("org/acme/user")).toEqual(["/", "org", "org/acme"]);
    expect(ancestorsOf("/")).toEqual([]);
  });
});

test.each([
  ["org/acme", "org/acme", true],
  ["org/acme", "org/acme/user", false],
  ["org/acme/*", "org/acme", true],
  ["org/acme/*", "org/acme/user/alice", true],
  ["org/acme/*", "org/acme2", false],
  ["/*", "anything/at/all", true],
  ["*", "/", true],
])("the grant %s covers %s: %s", (pattern, path, covered) => {
  expect(patternCovers(pattern, path)).toBe(covered);
});
