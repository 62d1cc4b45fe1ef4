// Run as a child process: opens a database, which brings its schema up to date, and closes it.
import { openPostgresStore } from "@spectron/engine";

const [url = "", schema = ""] = process.argv.slice(2);
await (await openPostgresStore({ url, schema })).close();
