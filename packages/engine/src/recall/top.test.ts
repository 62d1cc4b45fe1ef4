import fc from "fast-check";
import { expect, test } from "vitest";
import { createTop } from "./top.ts";

test("keeps what a full sort puts first, in its order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 20 })), fc.nat(12), (numbers, limit) => {
      const top = createTop<number>(limit, (a, b) => a > b);
      for (const number of numbers) top.offer(number);
      expect(top.sorted()).toEqual(numbers.toSorted((a, b) => b - a).slice(0, limit));
    }),
  );
});
