/** What applications say; in a file of its own, so that their types need none of the driver's. */
export interface PostgresStoreOptions {
  /** Such as `postgres://user@host:5432/memory`. */
  url: string;
  /** Schema that holds the tables; made if it is missing. @default "spectron" */
  schema?: string | undefined;
  /** Most connections for writes, and as many again for reads. @default 8 */
  connections?: number | undefined;
  /** Longest time of one statement, waiting for locks included, in milliseconds. @default 15_000 */
  statementTimeout?: number | undefined;
}
