import { expect, test } from "vitest";
import type { LoopShare } from "../loop-share.ts";
import { compileInjections } from "./compile-injections.ts";
import { INJECTION_RULES } from "./injection.ts";

test("patterns are compiled one by one, with a rest after each, once for all callers", async () => {
  let rests = 0;
  const share: LoopShare = {
    rest() {
      rests += 1;
      return undefined;
    },
  };
  await Promise.all([compileInjections(share), compileInjections(share)]);
  await compileInjections(share);
  expect(rests).toBe(2 * INJECTION_RULES.length);
});
