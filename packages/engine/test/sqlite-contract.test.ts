import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "@spectron/engine";
import { describeStoreContract } from "@spectron/testing";

describeStoreContract("SQLite", {
  shared: false,
  async createHome() {
    const folder = await mkdtemp(join(tmpdir(), "spectron-store-"));
    return {
      open: async () => openSqliteStore({ path: join(folder, "memory.db") }),
      remove: async () => rm(folder, { recursive: true, force: true }),
    };
  },
});
