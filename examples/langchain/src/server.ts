import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { Spectron } from "@spectron/core";
import { memoryMiddleware } from "@spectron/langchain";
import { Hono } from "hono";
import { createAgent } from "langchain";
import { z } from "zod";
import { recall } from "./settings.ts";

const bodySchema = z.object({ text: z.string().min(1), thread: z.string().min(1) });

/** One agent for all users of a server: each request says whose memory it is. */
export function createChatServer(spectron: Spectron, model: BaseChatModel): Hono {
  const app = new Hono();
  // #region server
  const agent = createAgent({
    model,
    tools: [],
    contextSchema: z.object({ userId: z.string() }),
    middleware: [
      memoryMiddleware({
        spectron,
        recall,
        scope: (runtime) => `org/acme/user/${encodeURIComponent(runtime.context.userId as string)}`,
      }),
    ],
  });

  app.post("/chat", async (c) => {
    // a real application takes the user from its own login, never from the body
    const userId = c.req.header("x-user");
    const body = bodySchema.safeParse(await c.req.json().catch(() => undefined));
    if (userId === undefined || !body.success) return c.json({ error: "bad request" }, 400);
    const { text, thread } = body.data;
    const state = await agent.invoke(
      { messages: [{ role: "user", content: text }] },
      { context: { userId }, configurable: { thread_id: thread }, signal: c.req.raw.signal },
    );
    return c.json({ answer: state.messages.at(-1)?.text ?? "" });
  });
  // #endregion
  return app;
}
