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
  let offset = page.offset ?? 0;
  let previous = "";
  for (;;) {
    const answer = await list(at);
    const rows = (
      Array.isArray(answer) ? answer : (Object.values(answer).find(Array.isArray) ?? [])
    ) as RowOf<Page>[];
    const { page: block } = answer as { page?: unknown };
    const byCursor = typeof block === "object" && block !== null;
    const next = byCursor ? (block as { nextCursor?: string | null }).nextCursor : undefined;
    const position = next ?? JSON.stringify(rows[0] ?? "");
    if (position === previous)
      throw new MemoryError("invalid_response", "The service gives the same page again and again.");
    previous = position;
    yield* rows;
    if (byCursor ? next === undefined || next === null : rows.length === 0) return;
    offset += rows.length;
    const { offset: _, cursor: __, ...rest } = page;
    at = byCursor ? { ...rest, cursor: next ?? undefined } : { ...rest, offset };
  }
}
