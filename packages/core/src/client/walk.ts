import type { ListPage } from "../protocol/types.ts";
import { MemoryError } from "./errors.ts";

/** The rows that an answer of a list holds: its array, or itself when it is one. */
export type RowOf<Page> = Page extends readonly (infer Row)[]
  ? Row
  : { [Key in keyof Page]-?: Page[Key] extends readonly (infer Row)[] ? Row : never }[keyof Page];

/**
 * Every row of a list, page after page: by cursor where the service gives one, otherwise by offset until a page is
 * empty. A short page is not the last one.
 *
 * @yields each row, in the order of the list.
 * @throws MemoryError `invalid_response` when the service gives the same page again.
 */
export async function* walk<Page extends object>(
  list: (page: ListPage) => Promise<Page>,
  page: ListPage = {},
): AsyncGenerator<RowOf<Page>, void, undefined> {
  let at = page;
  let { offset = 0 } = page;
  let previous = "";
  for (;;) {
    const answer = await list(at);
    const found: unknown[] =
      [answer, ...(Object.values(answer) as unknown[])].find(Array.isArray) ?? [];
    const { page: block } = answer as { page?: { nextCursor?: string | null } | null };
    const cursor = block?.nextCursor ?? undefined;
    const position = cursor ?? JSON.stringify(found[0] ?? "");
    if (position === previous)
      throw new MemoryError("invalid_response", "The service gives the same page again.");
    previous = position;
    yield* found as RowOf<Page>[];
    offset += found.length;
    const byCursor = typeof block === "object" && block !== null;
    if (byCursor ? cursor === undefined : found.length === 0) return;
    at = byCursor ? { ...page, cursor, offset: undefined } : { ...page, cursor: undefined, offset };
  }
}
