import { expect, test } from "vitest";
import { createLoopShare } from "./loop-share.ts";

test("of many calls that work at once, one slice runs between two turns of the loop", async () => {
  const share = createLoopShare({ sliceMs: 0 });
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const slicesOfTurn = new Map<number, number>();
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let slice = 0; slice < 5; slice += 1) {
        await share.rest();
        slicesOfTurn.set(turns, (slicesOfTurn.get(turns) ?? 0) + 1);
      }
    }),
  );
  isDone = true;
  // a turn may begin on either side of the count
  expect(Math.max(...slicesOfTurn.values())).toBeLessThanOrEqual(2);
  expect(slicesOfTurn.size).toBeGreaterThanOrEqual(40);
});

test("nobody waits while the slice has time left", async () => {
  const share = createLoopShare({ sliceMs: 60_000 });
  await share.rest();
  expect(share.rest()).toBeUndefined();
});
