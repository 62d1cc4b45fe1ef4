import type { PoolClient } from "pg";
import type { VisibleSets } from "../store.ts";
import type { Row } from "../rows.ts";

/** One connection, inside one transaction. Texts are written with `?`, as in the other store. */
export interface Connection {
  all(sql: string, ...values: unknown[]): Promise<Row[]>;
  get(sql: string, ...values: unknown[]): Promise<Row | undefined>;
  /** Answers with the number of rows that changed. */
  change(sql: string, ...values: unknown[]): Promise<number>;
  /** Inserts all rows in one statement; `types` names each column's type. */
  insert(
    table: string,
    types: Readonly<Record<string, string>>,
    rows: readonly Row[],
  ): Promise<void>;
}

/** A text that the server parses once for each connection. */
interface Prepared {
  name: string;
  text: string;
}

/** Numbers texts, so that each has one short name on every connection of a store. */
export type Prepare = (sql: string) => Prepared;

export function createPrepare(): Prepare {
  const known = new Map<string, Prepared>();
  return (sql) => {
    const found = known.get(sql);
    if (found !== undefined) return found;
    let count = 0;
    const text = sql.replaceAll("?", () => {
      count += 1;
      return `$${count}`;
    });
    const made = { name: `s${known.size}`, text };
    known.set(sql, made);
    return made;
  };
}

export function createConnection(client: PoolClient, prepare: Prepare): Connection {
  const all = async (sql: string, ...values: unknown[]): Promise<Row[]> =>
    (await client.query<Row>({ ...prepare(sql), values })).rows;
  const change = async (sql: string, ...values: unknown[]): Promise<number> =>
    (await client.query({ ...prepare(sql), values })).rowCount ?? 0;
  return {
    all,
    change,
    get: async (sql, ...values) => (await all(sql, ...values))[0],
    async insert(table, types, rows) {
      if (rows.length === 0) return;
      const columns = Object.keys(types);
      const arrays = columns.map((column) => `?::${types[column]}[]`);
      await change(
        `INSERT INTO ${table} (${columns.join(", ")}) SELECT * FROM unnest(${arrays.join(", ")})`,
        ...columns.map((column) => rows.map((row) => row[column])),
      );
    },
  };
}

/** A condition on the named sets, with the values that it needs. */
export function setFilter(column: string, sets: VisibleSets): { sql: string; values: unknown[] } {
  return sets === "all"
    ? { sql: "true", values: [] }
    : { sql: `${column} = ANY(?::bigint[])`, values: [sets] };
}

/** A condition that is there only when its value is. */
export function when(sql: string, value: unknown): { sql: string; values: unknown[] } {
  return value === undefined || value === null
    ? { sql: "true", values: [] }
    : { sql, values: [value] };
}
