import { serve } from "@hono/node-server";
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { createAssistant } from "./agent.ts";
import { createClassicChain, createHistoryChain } from "./chain.ts";
import { openModel } from "./model.ts";
import { createChatServer } from "./server.ts";

// `serve` keeps running as a server; without it each program says a few things and ends
const [mode, file] = process.argv.slice(2);
const path = file ?? new URL("../memory.db", import.meta.url).pathname;
const spectron = createSpectron(await embedded({ path }));
const open = await openModel();
const { model } = open;

const stop = async (): Promise<void> => {
  await spectron.close();
  await open.close();
};

if (mode === "serve") {
  const server = serve(
    { fetch: createChatServer(spectron, model).fetch, hostname: "127.0.0.1", port: 0 },
    ({ port }) => {
      console.log(`listening on http://127.0.0.1:${port}`);
    },
  );
  process.once("SIGTERM", () => {
    server.close();
    void stop();
  });
} else {
  const programs = {
    agent: createAssistant(spectron, model),
    "classic chain": createClassicChain(spectron, model),
    "chain with history": createHistoryChain(spectron, model),
  };
  for (const [name, ask] of Object.entries(programs))
    for (const text of ["I live in Braga.", "Where do I live?"]) {
      console.log(`Alice: ${text}`);
      console.log(`${name}: ${await ask(text, name)}\n`);
    }
  await stop();
}
