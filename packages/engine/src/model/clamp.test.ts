import { normalizeSelector } from "@spectron/core/protocol";
import { expect, test } from "vitest";
import { isVisible, mayWrite, writeRegion } from "./clamp.ts";
import type { ReadClamp } from "./clamp.ts";

const everything = ["/*"];

function clampOf(request: { lens?: unknown; scope?: unknown; patterns?: string[] }): ReadClamp {
  const lens = normalizeSelector(request.lens, { pattern: true });
  const scope = normalizeSelector(request.scope);
  return {
    patterns: request.patterns ?? everything,
    ...(lens === undefined ? {} : { lens: lens.clauses }),
    ...(scope === undefined ? {} : { subset: scope.clauses }),
  };
}

test.each<[string[][], Parameters<typeof clampOf>[0], boolean]>([
  [[["org/acme"]], { lens: [["org/acme/user/alice"]] }, true],
  [[["org/acme/user/bob"]], { lens: [["org/acme/user/alice"]] }, false],
  [[["org/acme/user/alice"]], { lens: [["org/acme"]] }, false],
  [[["org/acme/user/alice"]], { lens: [["org/acme/*"]] }, true],
  [[["region/eu", "product/mac"]], { lens: [["region/eu"]] }, true],
  [[["org/acme", "user/alice"]], { scope: { org: "acme" } }, false],
  [[["org/acme"]], { scope: ["org=acme", "user=alice"] }, true],
  [[["org/acme", "user/alice"]], { scope: ["user=alice", "org=acme"] }, true],
  [[["team/a"], ["team/b"]], { patterns: ["team/b"] }, true],
  [[["team/b", "clearance/secret"]], { patterns: ["team/b"] }, false],
  [[["team/b_private"]], { patterns: ["team/b", "team/b/*"] }, false],
  [[], {}, true],
  [[], { patterns: ["org/*"] }, false],
  [[["/"]], { lens: [["org/acme"]] }, true],
])("a record in %j asked with %j is visible: %s", (clauses, request, visible) => {
  expect(isVisible(clauses, clampOf(request))).toBe(visible);
});

test("a write needs every path of every clause", () => {
  expect(mayWrite([["org/acme/user/a"]], ["org/acme/*"])).toBe(true);
  expect(mayWrite([["org/acme"], ["org/other"]], ["org/acme/*"])).toBe(false);
  expect(mayWrite([], everything)).toBe(false);
  expect(writeRegion(["org/acme/*", "/*"])).toEqual([["org/acme"], ["/"]]);
});
