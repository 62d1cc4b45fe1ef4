import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ServeOptions } from "@spectron/server";

/** What the process tells about itself since it was last asked. */
export interface StoreReport {
  /** Longest block of its event loop, in milliseconds. */
  block: number;
  /** Resident memory, in MB. */
  memory: number;
}

/** A service in a process of its own, so that its event loop is not the clients'. */
export interface StoreServer {
  url: string;
  /** What opening took, in milliseconds. */
  opened: number;
  report(): Promise<StoreReport>;
  close(): Promise<void>;
}

export async function startStoreServer(options: ServeOptions): Promise<StoreServer> {
  const child = fork(
    fileURLToPath(new URL("./store-process-main.ts", import.meta.url)),
    [JSON.stringify(options)],
    { execArgv: ["--conditions=@spectron/source", "--no-warnings"] },
  );
  const next = async <Value>(): Promise<Value> => {
    const [value] = (await once(child, "message")) as [Value];
    return value;
  };
  const { url, opened } = await next<{ url: string; opened: number }>();
  return {
    url,
    opened,
    async report() {
      child.send("report");
      return next<StoreReport>();
    },
    async close() {
      child.send("close");
      await once(child, "exit");
    },
  };
}
