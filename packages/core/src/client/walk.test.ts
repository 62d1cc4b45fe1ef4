import { describe, expect, test } from "vitest";
import type { ListPage, PageInfo } from "../protocol/types.ts";
import { walk } from "./walk.ts";

async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const found: Row[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

const rows = Array.from({ length: 7 }, (_, index) => ({ id: `turn_${index}` }));

describe("a walk over a list", () => {
  test("follows cursors to the end, over short and empty pages", async () => {
    const asked: ListPage[] = [];
    const pages: Record<string, { turns: typeof rows; page: PageInfo }> = {
      "": { turns: rows.slice(0, 1), page: { hasMore: true, nextCursor: "a" } },
      a: { turns: [], page: { hasMore: true, nextCursor: "b" } },
      b: { turns: rows.slice(1, 4), page: { hasMore: true, nextCursor: "c" } },
      c: { turns: rows.slice(4), page: { hasMore: false } },
    };
    const list = async (page: ListPage): Promise<{ turns: typeof rows; page: PageInfo }> => {
      asked.push(page);
      const answer = pages[page.cursor ?? ""];
      if (answer === undefined) throw new Error("no such page");
      return answer;
    };
    expect(await all(walk(list, { limit: 3 }))).toEqual(rows);
    expect(asked).toEqual([
      { limit: 3 },
      { limit: 3, cursor: "a" },
      { limit: 3, cursor: "b" },
      { limit: 3, cursor: "c" },
    ]);
  });

  test.each([1, 2, 3, 7, 9])(
    "counts offsets in pages of %i where the service has no cursors, until a page is empty",
    async (size) => {
      const asked: (number | undefined)[] = [];
      const found = await all(
        walk(async ({ offset = 0, limit = size }) => {
          asked.push(offset);
          return { turns: rows.slice(offset, offset + limit) };
        }),
      );
      expect(found).toEqual(rows);
      expect(asked.at(-1)).toBe(7);
    },
  );

  test("takes a bare array for the rows, and starts where it is told", async () => {
    const list = async ({ offset = 0 }: ListPage): Promise<typeof rows> =>
      rows.slice(offset, offset + 2);
    expect(await all(walk(list, { offset: 4 }))).toEqual(rows.slice(4));
  });

  test("ends in an error when the service gives one page for ever", async () => {
    const byOffset = async (): Promise<{ turns: typeof rows }> => ({ turns: rows });
    const byCursor = async (): Promise<{ turns: typeof rows; page: PageInfo }> => ({
      turns: rows,
      page: { hasMore: true, nextCursor: "same" },
    });
    await expect(all(walk(byOffset))).rejects.toMatchObject({ code: "invalid_response" });
    await expect(all(walk(byCursor))).rejects.toMatchObject({ code: "invalid_response" });
  });

  test("asks for no page that nobody reads", async () => {
    let asked = 0;
    const list = async ({ offset = 0 }: ListPage): Promise<{ turns: typeof rows }> => {
      asked += 1;
      return { turns: rows.slice(offset, offset + 3) };
    };
    for await (const row of walk(list)) if (row.id === "turn_1") break;
    expect(asked).toBe(1);
  });
});
