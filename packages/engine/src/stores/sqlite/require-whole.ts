import { damaged } from "../../model/errors.ts";
import type { VisibleSets } from "../store.ts";
import { setFilter } from "./statements.ts";
import type { Statements } from "./statements.ts";

/** Counting is cheap up to this many rows. */
const MOST_COUNTED = 10_000;

/**
 * A damaged page of an index hides rows, and a list of them reads as shorter than memory is. What the scope sets count
 * of their own tells it.
 *
 * @throws EngineError `store_corrupt`
 */
export function requireWhole(
  db: Statements,
  context: number,
  sets: VisibleSets,
  counter: "facts" | "sessions",
  count: () => unknown,
): void {
  const own = setFilter("key", sets);
  const expected = db.get(
    `SELECT coalesce(sum(${counter}), 0) AS n FROM scope_set WHERE context = ? AND ${own.sql}`,
    context,
    own.value,
  )?.["n"] as number;
  if (expected <= MOST_COUNTED && count() !== expected) throw damaged(`${counter} are missing`);
}
