import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { serveStatic } from "@hono/node-server/serve-static";
import { memoryOptions, persistUIMessages, withMemory } from "@spectron/ai-sdk";
import type { Spectron } from "@spectron/core";
import type { Receipt } from "@spectron/core/adapter";
import { consumeStream, convertToModelMessages, generateId, streamText } from "ai";
import type { UIMessage } from "ai";
import { Hono } from "hono";
import { createLocalModel } from "./local-model.ts";
import type { LocalModelOptions } from "./local-model.ts";
import { describeAnswer } from "./receipts.ts";
import type { AnswerReceipt } from "./receipts.ts";

export interface AppOptions extends LocalModelOptions {
  spectron: Spectron;
  /** Folder of the built page, relative to the working folder. */
  page: string;
}

/** Whose memory; an application takes it from its own sign-in. */
const scope = "org/acme/user/alice";
/** Receipts that are kept for the page. */
const MOST_RECEIPTS = 200;

/** The chat: the page, the model, and the route between them. */
export function createChatApp(options: AppOptions): Hono {
  const { spectron, page } = options;
  const app = new Hono();
  const localModel = createLocalModel(options);
  app.route("/local-model", localModel);

  const provider = createOpenAICompatible({
    name: "local",
    baseURL: "http://local-model/v1",
    // the model lives in this process; another provider needs no fetch of its own
    fetch: async (input, init) => localModel.request(new Request(input, init)),
  });
  const recalled = new Map<string, Receipt>();
  const receipts = new Map<string, Promise<AnswerReceipt>>();

  // #region model
  const model = withMemory(provider("local"), {
    spectron,
    // the service starts in this process, and its first answer may take a moment
    recall: { timeoutMs: 5000 },
    onReceipt: (receipt) => recalled.set(receipt.session, receipt),
  });
  // #endregion

  // #region chat-route
  app.post("/api/chat", async (context) => {
    const { id, messages } = await context.req.json<{ id: string; messages: UIMessage[] }>();
    const answerId = generateId();
    const providerOptions = memoryOptions({ scope, session: id });
    const memory = persistUIMessages({
      spectron,
      messages,
      providerOptions,
      onReceipt: (receipt) => keepReceipt(answerId, messages, receipt),
    });
    const result = streamText({
      model,
      messages: await convertToModelMessages(messages),
      providerOptions,
      abortSignal: context.req.raw.signal,
    });
    return result.toUIMessageStreamResponse({
      ...memory,
      generateMessageId: () => answerId,
      consumeSseStream: consumeStream,
    });
  });
  // #endregion

  function keepReceipt(answerId: string, messages: readonly UIMessage[], stored: Receipt): void {
    const last = messages.findLast(({ role }) => role === "user");
    const question = (last?.parts ?? [])
      .flatMap((part) => (part.type === "text" ? [part.text] : []))
      .join(" ");
    const answer = recalled.get(stored.session);
    receipts.set(answerId, describeAnswer(spectron, scope, question, answer, stored));
    if (receipts.size > MOST_RECEIPTS) receipts.delete(receipts.keys().next().value ?? "");
  }

  app.get("/api/receipts/:answer", async (context) => {
    await spectron.flush();
    const receipt = await receipts.get(context.req.param("answer"));
    return receipt === undefined
      ? context.json({ error: "No such answer." }, 404)
      : context.json(receipt);
  });

  app.use("/*", serveStatic({ root: page }));
  return app;
}
