import { expect, test } from "vitest";
import { packReasons, unpackReasons } from "./reasons.ts";

test("reasons come back as they were, rounded, the strongest signal of each hit first", () => {
  const packed = packReasons([
    { id: "turn_a_1", score: 0.98765, signals: { window: 0.2, session: -0.31, time: 0.0001 } },
    { id: "fact_b", score: 0.5, signals: { coverage: 0.5 } },
  ]);
  const reasons = unpackReasons(packed);
  expect(reasons).toEqual([
    { id: "turn_a_1", rank: 1, score: 0.988, signals: { session: -0.31, window: 0.2 } },
    { id: "fact_b", rank: 2, score: 0.5, signals: { coverage: 0.5 } },
  ]);
  expect(Object.keys(reasons[0]?.signals ?? {})).toEqual(["session", "window"]);
  expect(unpackReasons(packReasons([]))).toEqual([]);
});
