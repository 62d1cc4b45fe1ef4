// The process of store-process.ts.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { serve } from "@spectron/server";
import type { ServeOptions } from "@spectron/server";
import type { StoreReport } from "./store-process.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as ServeOptions;
// the first start loads the program and starts the threads; what is measured is the file
await (await serve(options)).close();
const started = performance.now();
const server = await serve(options);
process.send?.({ url: server.url, opened: performance.now() - started });
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
process.on("message", (message) => {
  if (message === "report") {
    const report: StoreReport = {
      block: delay.max / 1e6,
      memory: process.memoryUsage.rss() / 2 ** 20,
    };
    delay.reset();
    process.send?.(report);
  } else {
    void server.close().then(() => process.disconnect());
  }
});
