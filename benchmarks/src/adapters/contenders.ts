import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { memoryOptions, withMemory } from "@spectron/ai-sdk";
import { createSpectron } from "@spectron/core";
import type { LanguageModel } from "ai";

type Model = Exclude<LanguageModel, string>;

/** One way to give a model memory. */
export interface Contender {
  name: string;
  /** A fresh model for one conversation of one user. */
  create(conversation: string): {
    model: Model;
    providerOptions?: ReturnType<typeof memoryOptions>;
    /** Waits for writes under way, where the library offers a way to. */
    flush(): Promise<void>;
  };
}

/** Exact versions, installed beside the workspace so that its lock file stays free of them. */
const PEERS = {
  "@ai-sdk/openai": "3.0.141",
  "@mem0/vercel-ai-provider": "3.0.2",
  "@supermemory/tools": "2.3.0",
  ai: "7.0.173",
};

/** Installs the peers into a temporary folder, once. */
export function installPeers(): string {
  const folder = join(tmpdir(), "spectron-adapter-peers");
  const marker = join(folder, "node_modules", "@supermemory", "tools", "package.json");
  if (existsSync(marker)) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies: PEERS }),
  );
  const { status } = spawnSync(
    "npm",
    ["install", "--prefix", folder, "--no-audit", "--no-fund", "--legacy-peer-deps"],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  if (status !== 0) throw new Error("The peers could not be installed; is the registry reachable?");
  return folder;
}

type Factory = (...args: never[]) => (...args: never[]) => Model;
interface OpenAi {
  chat(id: string): Model;
}

/** Plain, ours and the peers, over the same provider and the same memory server. */
export async function loadContenders(
  folder: string,
  memoryUrl: string,
  fetch: typeof globalThis.fetch,
): Promise<Contender[]> {
  const { resolve } = createRequire(join(folder, "package.json"));
  const load = async (name: string): Promise<Record<string, Factory>> =>
    (await import(pathToFileURL(resolve(name)).href)) as Record<string, Factory>;
  const { createOpenAI } = await load("@ai-sdk/openai");
  const { createMem0 } = await load("@mem0/vercel-ai-provider");
  const { withSupermemory } = await load("@supermemory/tools/ai-sdk");
  if (createOpenAI === undefined || createMem0 === undefined || withSupermemory === undefined)
    throw new Error("A peer no longer exports what this benchmark measures.");
  const openai = (createOpenAI as unknown as (options: object) => OpenAi)({ apiKey: "x", fetch });
  const nothing = async (): Promise<void> => undefined;
  return [
    { name: "plain", create: () => ({ model: openai.chat("scripted"), flush: nothing }) },
    {
      name: "spectron",
      create(conversation) {
        const spectron = createSpectron({ url: memoryUrl, apiKey: "x", context: "bench" });
        return {
          model: withMemory(openai.chat("scripted"), { spectron }),
          providerOptions: memoryOptions({ scope: `user/${conversation}`, session: conversation }),
          async flush() {
            await spectron.flush({ timeoutMs: 1000 }).catch(() => undefined);
          },
        };
      },
    },
    {
      name: "mem0 3.0.2",
      create(conversation) {
        const mem0 = (createMem0 as unknown as (options: object) => OpenAi)({
          provider: "openai",
          modelType: "chat",
          mem0ApiKey: "x",
          apiKey: "x",
          config: { fetch },
          mem0Config: { user_id: conversation, host: memoryUrl },
        });
        return { model: mem0.chat("scripted"), flush: nothing };
      },
    },
    {
      name: "supermemory 2.3.0",
      create(conversation) {
        const wrap = withSupermemory as unknown as (model: Model, options: object) => Model;
        return {
          model: wrap(openai.chat("scripted"), {
            apiKey: "x",
            baseUrl: memoryUrl,
            containerTag: conversation,
            customId: conversation,
          }),
          flush: nothing,
        };
      },
    },
  ];
}
