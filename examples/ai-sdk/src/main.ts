import { mkdirSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { createChatApp } from "./app.ts";
import { buildPage } from "./build-page.ts";

const data = fileURLToPath(new URL("../.spectron/", import.meta.url));
mkdirSync(data, { recursive: true });
const page = relative(process.cwd(), await buildPage());
// #region memory
const spectron = createSpectron(await embedded({ path: `${data}memory.db` }));
// #endregion
const app = createChatApp({ spectron, page });
const server = serve(
  { fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env["PORT"] ?? 3000) },
  ({ port }) => {
    console.log(`Chat with memory: http://127.0.0.1:${port}`);
  },
);
process.once("SIGINT", () => {
  server.close();
  void spectron.close().then(() => process.exit(0));
});
