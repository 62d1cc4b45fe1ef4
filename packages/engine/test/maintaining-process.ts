// Run as a child process: migrates a file, copies another, and restores a third over that.
import { backUpSqliteFile, restoreSqliteFile } from "../src/stores/sqlite/backup.ts";
import { openOwned } from "../src/stores/sqlite/database.ts";
import { fault } from "./fault-module.ts";

const [old = "", live = "", target = "", backup = ""] = process.argv.slice(2);
openOwned(old, fault).close();
await backUpSqliteFile(live, target, { fault });
await restoreSqliteFile(backup, live, { replace: true, fault });
