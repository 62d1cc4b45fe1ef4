import { sortedJson } from "../sorted-json.ts";

type Operator = (value: unknown, wanted: unknown) => boolean;

const OPERATORS: Readonly<Record<string, Operator>> = {
  $eq: equal,
  $ne: (value, wanted) => !equal(value, wanted),
  $gt: (value, wanted) => Number(value) > Number(wanted),
  $gte: (value, wanted) => Number(value) >= Number(wanted),
  $lt: (value, wanted) => Number(value) < Number(wanted),
  $lte: (value, wanted) => Number(value) <= Number(wanted),
  $in: (value, wanted) => Array.isArray(wanted) && wanted.some((item) => equal(value, item)),
  $nin: (value, wanted) => !Array.isArray(wanted) || !wanted.some((item) => equal(value, item)),
};

/** True when every field is what the filter says: a value, or comparisons such as `{ $gte: 3 }`. */
export function matchesFilter(
  value: Record<string, unknown>,
  filter: Record<string, unknown> | undefined,
): boolean {
  return Object.entries(filter ?? {}).every(([field, wanted]) => {
    const comparisons = comparisonsOf(wanted);
    if (comparisons === undefined) return equal(value[field], wanted);
    return comparisons.every(([compare, operand]) => compare(value[field], operand));
  });
}

function comparisonsOf(wanted: unknown): [Operator, unknown][] | undefined {
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) return undefined;
  const found = Object.entries(wanted).map(([name, operand]): [Operator | undefined, unknown] => [
    OPERATORS[name],
    operand,
  ]);
  return found.every((pair): pair is [Operator, unknown] => pair[0] !== undefined)
    ? found
    : undefined;
}

function equal(value: unknown, wanted: unknown): boolean {
  return value === wanted || sortedJson(value) === sortedJson(wanted);
}
