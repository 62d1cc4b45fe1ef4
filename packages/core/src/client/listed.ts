import type { PageInfo } from "../protocol/types.ts";

/** A list under its name: older services answer bare arrays, and give short lists whole, without a page block. */
export function listed<Name extends string, Row>(
  answer: object,
  name: Name,
): { page: PageInfo } & Record<Name, Row[]> {
  const envelope = Array.isArray(answer) ? { [name]: answer } : answer;
  return { page: { hasMore: false }, ...envelope } as { page: PageInfo } & Record<Name, Row[]>;
}
