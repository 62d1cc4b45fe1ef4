import { randomBytes } from "node:crypto";
import { openPostgresStore } from "@spectron/engine";
import { describeStoreContract, startTestPostgres } from "@spectron/testing";
import type { StoreBackend, TestPostgres } from "@spectron/testing";
import { Client } from "pg";

/** Every home is a schema of its own on one server. */
function onServer(find: () => string): Pick<StoreBackend, "createHome" | "shared"> {
  return {
    shared: true,
    async createHome() {
      const schema = `test_${randomBytes(6).toString("hex")}`;
      return {
        open: async () => openPostgresStore({ url: find(), schema, connections: 6 }),
        async remove() {
          const client = new Client({ connectionString: find() });
          await client.connect();
          await client.query(`DROP SCHEMA ${schema} CASCADE`);
          await client.end();
        },
      };
    },
  };
}

let server: TestPostgres;
describeStoreContract("PostgreSQL", {
  ...onServer(() => server.url),
  async start() {
    server = await startTestPostgres();
  },
  stop: async () => server.stop(),
});

const other = process.env["SPECTRON_TEST_DATABASE_URL"];
if (other !== undefined)
  describeStoreContract(
    "PostgreSQL at SPECTRON_TEST_DATABASE_URL",
    onServer(() => other),
  );
